//! The embedded engine and its files.

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

/// What was in flight is visible at once, since its receiver is gone; what was delayed still is.
async fn assert_all_is_there(target: Target) {
    let mut messages = target.receive().await;
    messages.sort_by(|one, other| one.body.cmp(&other.body));
    let found: Vec<_> = messages.iter().map(|message| (message.body().unwrap(), receive_count(message))).collect();
    assert_eq!(found, [("in flight", "2"), ("visible", "1")]);
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
