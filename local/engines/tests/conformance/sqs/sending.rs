//! SendMessage and SendMessageBatch.

use std::collections::HashSet;

use aws_sdk_sqs::{
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{
        MessageAttributeValue, MessageSystemAttributeName, SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
    },
};

use super::Target;

#[tokio::test]
async fn a_message_arrives_as_it_was_sent_with_digests_of_body_and_attributes() {
    let target = Target::start().await;
    let text = MessageAttributeValue::builder().data_type("String").string_value("grün").build().unwrap();
    let number = MessageAttributeValue::builder().data_type("Number.int").string_value("42").build().unwrap();
    let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255, 7]));
    let bytes = bytes.build().unwrap();
    let body = "{\"job\": \"é\\n<&>\"}\t\r\n🎨";
    let send = target.client.send_message().queue_url(&target.url).message_body(body);
    let send = send.message_attributes("colour", text.clone()).message_attributes("count", number.clone());
    let sent = send.message_attributes("raw", bytes.clone()).send().await.unwrap();
    // Computed with another implementation (Python's hashlib), by the rules in AWS' developer guide.
    assert_eq!(sent.md5_of_message_body(), Some("1656db1b2ec883ca2585d0f50ba32f8f"));
    assert_eq!(sent.md5_of_message_attributes(), Some("82364d2b1035f9fa49f9020e5faf0cd8"));

    let message = target.receive_one().await;
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.body(), Some(body));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = message.message_attributes().unwrap();
    assert_eq!((&attributes["colour"], &attributes["count"], &attributes["raw"]), (&text, &number, &bytes));
    target.stop().await;
}

#[tokio::test]
async fn only_the_attributes_asked_for_come() {
    let target = Target::start().await;
    let value = || MessageAttributeValue::builder().data_type("String").string_value("x").build().unwrap();
    let send = target.client.send_message().queue_url(&target.url).message_body("body");
    let send = send.message_attributes("job.id", value()).message_attributes("job.kind", value());
    send.message_attributes("trace", value()).send().await.unwrap();
    let receive = || {
        let receive = target.client.receive_message().queue_url(&target.url).visibility_timeout(0);
        receive.wait_time_seconds(if target.engine.is_some() { 0 } else { 5 })
    };
    let plain = receive().send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!((plain.attributes(), plain.message_attributes()), (None, None));
    let some = receive().message_attribute_names("job.*");
    let some = some.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
    let some = some.send().await.unwrap().messages.unwrap().remove(0);
    let names: HashSet<_> = some.message_attributes().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, HashSet::from(["job.id", "job.kind"]));
    assert_eq!(some.attributes().unwrap().len(), 1);
    target.stop().await;
}

#[tokio::test]
async fn a_delayed_message_is_not_there_before_its_time() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        let later = target.client.send_message().queue_url(&target.url).message_body("later").delay_seconds(10);
        later.send().await.unwrap();
        engine.advance(9);
        assert!(target.receive().await.is_empty());
        engine.advance(1);
        assert_eq!(target.receive_one().await.body(), Some("later"));
    }
    target.stop().await;
}

#[tokio::test]
async fn a_batch_succeeds_in_part() {
    let target = Target::start().await;
    let entry = |id: &str, delay: i32| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id).delay_seconds(delay);
        entry.build().unwrap()
    };
    let batch = target.client.send_message_batch().queue_url(&target.url);
    let outcome = batch.entries(entry("good", 0)).entries(entry("bad", 901)).entries(entry("fine", 0)).send();
    let outcome = outcome.await.unwrap();
    let good: Vec<_> = outcome.successful().iter().map(SendMessageBatchResultEntry::id).collect();
    assert_eq!(good, ["good", "fine"]);
    let failed = &outcome.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidParameterValue", true));
    target.stop().await;
}

#[tokio::test]
async fn a_batch_of_wrong_shape_is_refused_as_a_whole() {
    let target = Target::start().await;
    let batch = |ids: Vec<String>, body: &str| {
        let entries = ids
            .into_iter()
            .map(|id| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap());
        target.client.send_message_batch().queue_url(&target.url).set_entries(Some(entries.collect())).send()
    };
    let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    let refused = batch(vec![], "x").await.unwrap_err().into_service_error();
    assert!(refused.is_empty_batch_request(), "{refused:?}");
    let refused = batch((0..11).map(|id| id.to_string()).collect(), "x").await.unwrap_err().into_service_error();
    assert!(refused.is_too_many_entries_in_batch_request(), "{refused:?}");
    let refused = batch(ids(&["a", "a"]), "x").await.unwrap_err().into_service_error();
    assert!(refused.is_batch_entry_ids_not_distinct(), "{refused:?}");
    let refused = batch(ids(&["a b"]), "x").await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_batch_entry_id(), "{refused:?}");
    let refused = batch(ids(&["a", "b"]), &"x".repeat(600_000)).await.unwrap_err().into_service_error();
    assert!(refused.is_batch_request_too_long(), "{refused:?}");
    assert!(target.receive().await.is_empty());
    target.stop().await;
}

#[tokio::test]
async fn a_body_is_neither_empty_nor_binary_nor_too_long() {
    let target = Target::start().await;
    let send = |body: &str| target.client.send_message().queue_url(&target.url).message_body(body).send();
    assert!(send("").await.is_err());
    assert!(send("bell\u{7}").await.unwrap_err().into_service_error().is_invalid_message_contents());
    let refused = send(&"x".repeat(1_048_577)).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    send(&"x".repeat(262_144)).await.unwrap();
    target.stop().await;
}

#[tokio::test]
async fn sixteen_producers_and_eight_consumers_lose_nothing() {
    const EACH: usize = 25;
    let target = Target::start().await;
    let producers = (0..16).map(|producer| {
        let (client, url) = (target.client.clone(), target.url.clone());
        tokio::spawn(async move {
            for index in 0..EACH {
                let body = format!("{producer}-{index}");
                client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
            }
        })
    });
    let left = std::sync::Arc::new(tokio::sync::Semaphore::new(16 * EACH));
    let consumers = (0..8).map(|_| {
        let (client, url, left) = (target.client.clone(), target.url.clone(), left.clone());
        tokio::spawn(async move {
            let mut bodies = Vec::new();
            while left.available_permits() > 0 {
                let receive = client.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(1);
                for message in receive.send().await.unwrap().messages.unwrap_or_default() {
                    let receipt = message.receipt_handle().unwrap();
                    client.delete_message().queue_url(&url).receipt_handle(receipt).send().await.unwrap();
                    bodies.push(message.body.unwrap());
                    // The real service may deliver twice, and has then sent the same body before.
                    if let Ok(permit) = left.try_acquire() {
                        permit.forget();
                    }
                }
            }
            bodies
        })
    });
    let tasks: (Vec<_>, Vec<_>) = (producers.collect(), consumers.collect());
    for producer in tasks.0 {
        producer.await.unwrap();
    }
    let mut bodies = Vec::new();
    for consumer in tasks.1 {
        bodies.extend(consumer.await.unwrap());
    }
    assert_eq!(bodies.iter().collect::<HashSet<_>>().len(), 16 * EACH);
    if target.engine.is_some() {
        assert_eq!(bodies.len(), 16 * EACH, "nothing is delivered twice unasked");
    }
    target.stop().await;
}
