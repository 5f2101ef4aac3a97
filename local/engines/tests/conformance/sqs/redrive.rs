//! Dead-letter queues, there and back.

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};

use super::{Engine, Target, receive_count};

/// A queue that gives up after two receives, and its dead-letter queue.
struct Redrive {
    target: Target,
    dead_url: String,
    dead_arn: String,
}

impl Redrive {
    /// `None` with the real service, where redrive takes a visibility timeout of real time.
    async fn start() -> Option<Self> {
        let target = Target::start().await;
        if target.engine.is_none() {
            target.stop().await;
            return None;
        }
        let dead_url = target.create(&format!("{}-dead", target.name), []).await;
        let dead_arn = target.attribute(&dead_url, QueueAttributeName::QueueArn).await;
        let policy = format!(r#"{{"deadLetterTargetArn":"{dead_arn}","maxReceiveCount":"2"}}"#);
        target.set(QueueAttributeName::RedrivePolicy, &policy).await;
        Some(Self { target, dead_url, dead_arn })
    }

    fn engine(&self) -> &Engine {
        self.target.engine.as_ref().unwrap()
    }

    /// Receives the message twice without deleting it, and once more in vain.
    async fn exhaust(&self) {
        for count in ["1", "2"] {
            assert_eq!(receive_count(&self.target.receive_one().await), count);
            self.engine().advance(30);
        }
        assert!(self.target.receive().await.is_empty());
    }

    async fn receive_dead(&self) -> Vec<Message> {
        self.target.receiving().queue_url(&self.dead_url).send().await.unwrap().messages.unwrap_or_default()
    }
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_as_it_is() {
    let Some(redrive) = Redrive::start().await else { return };
    let value = MessageAttributeValue::builder().data_type("String").string_value("7").build().unwrap();
    let send = redrive.target.client.send_message().queue_url(&redrive.target.url).message_body("poison");
    let id = send.message_attributes("job.id", value.clone()).send().await.unwrap().message_id;
    redrive.exhaust().await;
    let dead = redrive.receive_dead().await.remove(0);
    assert_eq!((&dead.message_id, dead.body()), (&id, Some("poison")));
    assert_eq!(dead.message_attributes().unwrap()["job.id"], value);
    let attributes = dead.attributes().unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::SentTimestamp], "1790000000000");
    let source = redrive.target.attribute(&redrive.target.url, QueueAttributeName::QueueArn).await;
    assert_eq!(attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn], source);
    redrive.target.stop().await;
}

#[tokio::test]
async fn a_move_task_brings_messages_back_where_they_came_from() {
    let Some(redrive) = Redrive::start().await else { return };
    let client = &redrive.target.client;
    let id = redrive.target.send("poison").await;
    redrive.exhaust().await;
    client.start_message_move_task().source_arn(&redrive.dead_arn).send().await.unwrap();
    let back = redrive.target.receive_one().await;
    assert_eq!((back.body(), receive_count(&back)), (Some("poison"), "1"));
    assert_ne!(back.message_id(), Some(id.as_str()), "a moved message is a new one");
    assert!(redrive.receive_dead().await.is_empty());

    let tasks = client.list_message_move_tasks().source_arn(&redrive.dead_arn).send().await.unwrap();
    let task = &tasks.results()[0];
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 1));
    redrive.target.stop().await;
}

#[tokio::test]
async fn a_move_task_can_go_elsewhere_and_starts_at_a_dead_letter_queue_only() {
    let Some(redrive) = Redrive::start().await else { return };
    let client = &redrive.target.client;
    let elsewhere = redrive.target.create("elsewhere", []).await;
    let elsewhere_arn = redrive.target.attribute(&elsewhere, QueueAttributeName::QueueArn).await;
    redrive.target.send("poison").await;
    redrive.exhaust().await;
    let refused = client.start_message_move_task().source_arn(&elsewhere_arn).send().await;
    assert!(refused.is_err());
    let missing = client.start_message_move_task().source_arn(elsewhere_arn.replace("elsewhere", "nowhere"));
    assert!(missing.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    let task = client.start_message_move_task().source_arn(&redrive.dead_arn).destination_arn(&elsewhere_arn);
    task.send().await.unwrap();
    let moved = redrive.target.receiving().queue_url(&elsewhere).send().await.unwrap();
    assert_eq!(moved.messages()[0].body(), Some("poison"));
    redrive.target.stop().await;
}

#[tokio::test]
async fn a_second_delivery_never_becomes_a_second_dead_letter() {
    let Some(redrive) = Redrive::start().await else { return };
    redrive.engine().sqs.deliver_twice(true);
    redrive.target.send("poison").await;
    while !redrive.target.receive().await.is_empty() {
        redrive.engine().advance(30);
    }
    assert_eq!(redrive.engine().sqs.depth(&format!("{}-dead", redrive.target.name)).await.visible, 1);
    redrive.target.stop().await;
}
