//! Queues and their attributes.

use aws_sdk_sqs::{error::ProvideErrorMetadata, types::QueueAttributeName};

use super::Target;
use crate::clients;

#[tokio::test]
async fn creating_a_queue_again_is_harmless_unless_an_attribute_differs() {
    let target = Target::start().await;
    let url = target.create(&target.name, [(QueueAttributeName::VisibilityTimeout, "30")]).await;
    assert_eq!(url, target.url);
    let other = target.client.create_queue().queue_name(&target.name);
    let refused = other.attributes(QueueAttributeName::VisibilityTimeout, "31").send().await.unwrap_err();
    assert!(refused.into_service_error().is_queue_name_exists());
    target.stop().await;
}

#[tokio::test]
async fn a_queue_is_found_by_its_name() {
    let target = Target::start().await;
    let found = target.client.get_queue_url().queue_name(&target.name).send().await.unwrap();
    assert_eq!(found.queue_url(), Some(target.url.as_str()));
    assert!(target.url.ends_with(&format!("/{}", target.name)));
    let missing = target.client.get_queue_url().queue_name("conformance-nowhere").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
    target.stop().await;
}

#[tokio::test]
async fn queues_are_listed_by_prefix_page_by_page() {
    let target = Target::start().await;
    let prefix = clients::unique("listed");
    let names: Vec<_> = (0..5).map(|index| format!("{prefix}-{index}")).collect();
    for name in &names {
        target.create(name, []).await;
    }
    if target.engine.is_some() {
        let mut pages = target.client.list_queues().queue_name_prefix(&prefix).max_results(2).into_paginator().send();
        let (mut sizes, mut listed) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await {
            let urls = page.unwrap().queue_urls.unwrap();
            sizes.push(urls.len());
            listed.extend(urls);
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert!(listed.iter().zip(&names).all(|(url, name)| url.ends_with(name)), "{listed:?}");
    }
    for name in &names {
        let url = target.url.replace(&target.name, name);
        target.client.delete_queue().queue_url(url).send().await.unwrap();
    }
    target.stop().await;
}

#[tokio::test]
async fn attributes_are_set_read_and_refused() {
    let target = Target::start().await;
    assert_eq!(target.attribute(&target.url, QueueAttributeName::VisibilityTimeout).await, "30");
    target.set(QueueAttributeName::VisibilityTimeout, "90").await;
    assert_eq!(target.attribute(&target.url, QueueAttributeName::VisibilityTimeout).await, "90");
    assert_eq!(target.attribute(&target.url, QueueAttributeName::MessageRetentionPeriod).await, "345600");
    let arn = target.attribute(&target.url, QueueAttributeName::QueueArn).await;
    assert!(arn.starts_with("arn:aws:sqs:") && arn.ends_with(&target.name), "{arn}");
    let set =
        |name, value: &str| target.client.set_queue_attributes().queue_url(&target.url).attributes(name, value).send();
    let refused = set(QueueAttributeName::DelaySeconds, "901").await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_attribute_value());
    let refused = set(QueueAttributeName::from("Colour"), "blue").await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_attribute_name());
    target.stop().await;
}

#[tokio::test]
async fn a_redrive_policy_needs_a_queue_to_point_at() {
    let target = Target::start().await;
    let arn = target.attribute(&target.url, QueueAttributeName::QueueArn).await.replace(&target.name, "nowhere");
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}"#);
    let set = target.client.set_queue_attributes().queue_url(&target.url);
    let refused = set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap_err();
    // AWS calls it a parameter, and the engine an attribute; both are the caller's fault.
    assert!(refused.code().is_some_and(|code| code.starts_with("Invalid")), "{refused:?}");
    target.stop().await;
}

#[tokio::test]
async fn a_fifo_queue_is_refused() {
    let target = Target::start().await;
    if target.engine.is_some() {
        let fifo = target.client.create_queue().queue_name("shots.fifo");
        let refused = fifo.attributes(QueueAttributeName::FifoQueue, "true").send().await.unwrap_err();
        let refused = refused.into_service_error();
        assert!(refused.is_unsupported_operation());
        assert!(refused.message().unwrap().contains("FIFO"));
    }
    target.stop().await;
}

#[tokio::test]
async fn a_deleted_queue_does_not_exist() {
    let target = Target::start().await;
    if target.engine.is_some() {
        target.send("lost").await;
        target.client.delete_queue().queue_url(&target.url).send().await.unwrap();
        let send = target.client.send_message().queue_url(&target.url).message_body("late").send();
        assert!(send.await.unwrap_err().into_service_error().is_queue_does_not_exist());
        let receive = target.receiving().send().await.unwrap_err();
        assert!(receive.into_service_error().is_queue_does_not_exist());
        let delete = target.client.delete_queue().queue_url(&target.url).send().await.unwrap_err();
        assert!(delete.into_service_error().is_queue_does_not_exist());
        target.create(&target.name, []).await;
        assert!(target.receive().await.is_empty());
    }
    target.stop().await;
}

#[tokio::test]
async fn a_purge_leaves_nothing() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        for _ in 0..3 {
            target.send("purged").await;
        }
        target.receiving().max_number_of_messages(1).send().await.unwrap();
        target.client.purge_queue().queue_url(&target.url).send().await.unwrap();
        let depth = engine.sqs.depth(&target.name).await;
        assert_eq!(depth, likeness_engines::sqs::Depth::default());
    }
    target.stop().await;
}

#[tokio::test]
async fn counts_tell_visible_from_in_flight_from_delayed() {
    let target = Target::start().await;
    if let Some(engine) = &target.engine {
        for _ in 0..3 {
            target.send("now").await;
        }
        let later = target.client.send_message().queue_url(&target.url).message_body("later").delay_seconds(60);
        later.send().await.unwrap();
        target.receiving().max_number_of_messages(2).send().await.unwrap();
        for (name, count) in [
            (QueueAttributeName::ApproximateNumberOfMessages, "1"),
            (QueueAttributeName::ApproximateNumberOfMessagesNotVisible, "2"),
            (QueueAttributeName::ApproximateNumberOfMessagesDelayed, "1"),
        ] {
            assert_eq!(target.attribute(&target.url, name).await, count);
        }
        let depth = engine.sqs.depth(&target.name).await;
        assert_eq!((depth.visible, depth.in_flight, depth.delayed), (1, 2, 1));
        assert_eq!(engine.sqs.depth("nowhere").await.visible, 0);
    }
    target.stop().await;
}
