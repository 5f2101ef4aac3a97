//! ReceiveMessage, DeleteMessage, ChangeMessageVisibility.

use std::time::Duration;

use aws_sdk_sqs::{
    error::ProvideErrorMetadata,
    operation::receive_message::builders::ReceiveMessageFluentBuilder,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
        QueueAttributeName,
    },
};
use tokio::{task::JoinHandle, time::timeout};

use super::{Target, receive_count};

impl Target {
    /// Starts a long poll and goes round a few times, so that it is waiting before the test goes on.
    async fn poll(&self, poll: ReceiveMessageFluentBuilder) -> JoinHandle<Vec<Message>> {
        let poll = tokio::spawn(async move { poll.send().await.unwrap().messages.unwrap_or_default() });
        for _ in 0..5 {
            self.attribute(&self.url, QueueAttributeName::QueueArn).await;
        }
        poll
    }
}

/// Far less than the 20 seconds that a poll would wait, far more than a wake-up takes.
const AT_ONCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_received_message_is_hidden_until_its_timeout_and_then_counted_again() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        target.send("body").await;
        let first = target.receive_one().await;
        assert_eq!(receive_count(&first), "1");
        let sent = &first.attributes().unwrap()[&MessageSystemAttributeName::SentTimestamp];
        assert_eq!(sent, "1790000000000");
        engine.advance(29);
        assert!(target.receive().await.is_empty());
        engine.advance(1);
        let second = target.receive_one().await;
        assert_eq!(receive_count(&second), "2");
        assert_eq!(first.message_id(), second.message_id());
        assert_ne!(first.receipt_handle(), second.receipt_handle());
        let times = second.attributes().unwrap();
        assert_eq!(&times[&MessageSystemAttributeName::ApproximateFirstReceiveTimestamp], sent);
    }
    target.stop().await;
}

#[tokio::test]
async fn a_deleted_message_never_comes_back() {
    let target = Target::start().await;
    target.send("body").await;
    let message = target.receive_one().await;
    target.delete(&message).await;
    if let Some(engine) = &target.engine {
        engine.advance(60);
        assert!(target.receive().await.is_empty());
    }
    // Deleting again is no error.
    target.delete(&message).await;
    target.stop().await;
}

#[tokio::test]
async fn a_stale_receipt_deletes_nothing() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        target.send("body").await;
        let stale = target.receive_one().await;
        engine.advance(30);
        let fresh = target.receive_one().await;
        target.delete(&stale).await;
        assert_eq!(engine.sqs.depth(&target.name).await.in_flight, 1);
        target.delete(&fresh).await;
        assert_eq!(engine.sqs.depth(&target.name).await.in_flight, 0);
    }
    target.stop().await;
}

#[tokio::test]
async fn an_expired_receipt_deletes_until_the_message_is_received_again() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        target.send("body").await;
        let late = target.receive_one().await;
        engine.advance(60);
        target.delete(&late).await;
        assert!(target.receive().await.is_empty());
    }
    target.stop().await;
}

#[tokio::test]
async fn a_receipt_that_is_none_is_refused() {
    let target = Target::start().await;
    let delete = target.client.delete_message().queue_url(&target.url).receipt_handle("nonsense").send();
    assert!(delete.await.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
    let change = target.client.change_message_visibility().queue_url(&target.url).visibility_timeout(0);
    let refused = change.receipt_handle("nonsense").send().await.unwrap_err();
    assert!(refused.into_service_error().is_receipt_handle_is_invalid());
    target.stop().await;
}

#[tokio::test]
async fn visibility_can_be_given_up_and_prolonged() {
    let target = Target::start().await;
    target.send("body").await;
    let change = |receipt: Option<String>, seconds: i32| {
        let change = target.client.change_message_visibility().queue_url(&target.url);
        change.set_receipt_handle(receipt).visibility_timeout(seconds).send()
    };
    let first = target.receive_one().await;
    change(first.receipt_handle, 0).await.unwrap();
    let second = target.receive_one().await;
    assert_eq!(receive_count(&second), "2");
    if let Some(engine) = &target.engine {
        change(second.receipt_handle.clone(), 100).await.unwrap();
        engine.advance(99);
        assert!(target.receive().await.is_empty());
        engine.advance(1);
        let refused = change(second.receipt_handle, 10).await.unwrap_err();
        assert!(refused.into_service_error().is_message_not_inflight());
        assert_eq!(receive_count(&target.receive_one().await), "3");
    }
    target.stop().await;
}

#[tokio::test]
async fn batches_of_deletes_and_changes_succeed_in_part() {
    let target = Target::start().await;
    target.send("one").await;
    let message = target.receive_one().await;
    let receipt = message.receipt_handle().unwrap();
    let change = |id: &str, receipt: &str| {
        let change = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(receipt);
        change.visibility_timeout(60).build().unwrap()
    };
    let batch = target.client.change_message_visibility_batch().queue_url(&target.url);
    let changed = batch.entries(change("good", receipt)).entries(change("bad", "nonsense")).send().await.unwrap();
    assert_eq!(changed.successful()[0].id(), "good");
    assert_eq!((changed.failed()[0].id(), changed.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));

    let delete = |id: &str, receipt: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(receipt).build().unwrap()
    };
    let batch = target.client.delete_message_batch().queue_url(&target.url);
    let deleted = batch.entries(delete("good", receipt)).entries(delete("bad", "nonsense")).send().await.unwrap();
    assert_eq!(deleted.successful()[0].id(), "good");
    assert_eq!(deleted.failed()[0].id(), "bad");
    target.stop().await;
}

#[tokio::test]
async fn a_long_poll_wakes_when_a_message_is_sent() {
    let target = Target::start().await;
    let poll = target.poll(target.receiving().wait_time_seconds(20)).await;
    target.send("news").await;
    let answer = timeout(AT_ONCE, poll).await.unwrap().unwrap();
    assert_eq!(answer[0].body(), Some("news"));
    target.stop().await;
}

#[tokio::test]
async fn a_long_poll_wakes_when_a_message_becomes_visible() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        target.send("hidden").await;
        target.receive_one().await;
        let poll = target.poll(target.receiving().wait_time_seconds(20)).await;
        let delayed = target.client.send_message().queue_url(&target.url).message_body("later").delay_seconds(15);
        delayed.send().await.unwrap();
        engine.advance(15);
        let answer = timeout(AT_ONCE, poll).await.unwrap().unwrap();
        assert_eq!(answer[0].body(), Some("later"));
    }
    target.stop().await;
}

#[tokio::test]
async fn a_long_poll_on_nothing_ends_empty() {
    let target = Target::start().await;
    let answer = target.receiving().wait_time_seconds(1).send().await.unwrap();
    assert!(answer.messages().is_empty());
    target.stop().await;
}

#[tokio::test]
async fn the_queue_can_ask_for_long_polls() {
    let target = Target::start().await;
    target.set(QueueAttributeName::ReceiveMessageWaitTimeSeconds, "20").await;
    let poll = target.poll(target.receiving()).await;
    target.send("news").await;
    assert_eq!(timeout(AT_ONCE, poll).await.unwrap().unwrap().len(), 1);
    target.stop().await;
}

#[tokio::test]
async fn at_most_as_many_as_asked_for_come() {
    let target = Target::start().await;
    if target.engine.is_some() {
        for index in 0..12 {
            target.send(&index.to_string()).await;
        }
        let three = target.receiving().max_number_of_messages(3).send().await.unwrap();
        assert_eq!(three.messages().len(), 3);
        assert_eq!(target.receive().await.len(), 9);
    }
    let refused = target.receiving().max_number_of_messages(11).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    target.stop().await;
}

#[tokio::test]
async fn a_message_expires_with_its_retention() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        target.set(QueueAttributeName::MessageRetentionPeriod, "60").await;
        target.send("old").await;
        engine.advance(59);
        target.send("young").await;
        engine.advance(1);
        assert_eq!(target.receive_one().await.body(), Some("young"));
    }
    target.stop().await;
}

/// The real service delivers twice when it likes; the engine when it is told to.
#[tokio::test]
async fn a_second_delivery_comes_even_after_the_first_was_deleted() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        engine.sqs.deliver_twice(true);
        let id = target.send("twice").await;
        let first = target.receive_one().await;
        target.delete(&first).await;
        let second = target.receive_one().await;
        assert_eq!(second.message_id(), Some(id.as_str()));
        assert_eq!(second.body(), Some("twice"));
        target.delete(&second).await;
        engine.advance(60);
        assert!(target.receive().await.is_empty());
    }
    target.stop().await;
}
