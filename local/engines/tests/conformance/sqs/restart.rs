//! The embedded engine and its files.

use aws_sdk_sqs::types::QueueAttributeName;

use super::{Target, receive_count};
use crate::clients;

/// Three messages: one visible, one in flight, one delayed.
async fn fill(target: &Target) {
    target.create(&target.name, []).await;
    target.send("in flight").await;
    target.receive_one().await;
    target.send("visible").await;
    let later = target.client.send_message().queue_url(&target.url).message_body("delayed").delay_seconds(600);
    later.send().await.unwrap();
}

/// What was in flight is visible at once, since its receiver is gone, and the receive that ended so does not count;
/// what was delayed still is.
async fn assert_all_is_there(target: Target) {
    let mut messages = target.receive().await;
    messages.sort_by(|one, other| one.body.cmp(&other.body));
    let found: Vec<_> = messages.iter().map(|message| (message.body().unwrap(), receive_count(message))).collect();
    assert_eq!(found, [("in flight", "1"), ("visible", "1")]);
    let engine = target.engine.as_ref().unwrap();
    assert_eq!(engine.sqs.depth(&target.name).await.delayed, 1);
    engine.advance(600);
    assert_eq!(target.receive().await.len(), 3);
    target.stop().await;
}

#[tokio::test]
async fn messages_survive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let target = Target::embedded(Some(data.path())).await;
    fill(&target).await;
    target.stop().await;
    assert_all_is_there(Target::embedded(Some(data.path())).await).await;
}

#[tokio::test]
async fn messages_survive_a_kill() {
    let (data, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = Target::embedded(Some(data.path())).await;
    fill(&target).await;
    clients::copy_files(data.path(), left.path());
    target.stop().await;
    assert_all_is_there(Target::embedded(Some(left.path())).await).await;
}

#[tokio::test]
async fn restarts_in_mid_work_put_no_message_into_the_dead_letters() {
    let data = tempfile::tempdir().unwrap();
    let mut target = Target::embedded(Some(data.path())).await;
    let dead = target.create("dead", []).await;
    let arn = target.attribute(&dead, QueueAttributeName::QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}"#);
    target.create(&target.name, [(QueueAttributeName::RedrivePolicy, &policy)]).await;
    target.send("long work").await;
    for _ in 0..20 {
        assert_eq!(receive_count(&target.receive_one().await), "1");
        target.stop().await;
        target = Target::embedded(Some(data.path())).await;
    }
    // Receives that a live process lets pass count as ever.
    for _ in 0..2 {
        target.receive_one().await;
        target.engine.as_ref().unwrap().advance(30);
    }
    assert!(target.receive().await.is_empty());
    assert_eq!(target.engine.as_ref().unwrap().sqs.depth("dead").await.visible, 1);
    target.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_hides_no_message_for_longer() {
    let target = Target::embedded(None).await;
    fill(&target).await;
    let engine = target.engine.as_ref().unwrap();
    target.receive_one().await;
    engine.advance(-3600);
    assert!(target.receive().await.is_empty());
    engine.advance(31);
    assert_eq!(target.receive().await.len(), 2, "what was in flight comes again in its time");
    engine.advance(600);
    assert_eq!(target.receive().await.len(), 3, "and what was delayed");
    // Forwards, as after a suspend: what is in flight is visible, nothing is lost.
    engine.advance(3 * 3600);
    assert_eq!(target.receive().await.len(), 3);
    target.stop().await;
}
