//! What stayed silent: callbacks that never come, messages that are lost, leases that run out.

use aws_sdk_dynamodb::types::AttributeValue;
use likeness_core::{
    clients::queue::{IngestWakeUp, LaneWakeUp, Queues},
    config::QueueConfig,
};
use likeness_domain::lane::Lane;
use likeness_fal_emulator::{Fault, SubmitFault, WebhookFault};
use serde_json::json;

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_callback_is_made_up_for_by_asking() {
    let product = Product::start().await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitted");
    assert_eq!(product.stack().reconcile().await.unwrap().overdue, 0, "not before its time");
    product.pass(11);
    assert_eq!(product.stack().reconcile().await.unwrap().recovered, 1);
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_of_unknown_fate_is_not_resent_before_its_window_has_passed() {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::DropBeforeAccept));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitting");
    // Looked at when its callback is late, and then not before it is due.
    for overdue in [1, 0] {
        product.pass(7);
        assert_eq!(product.stack().reconcile().await.unwrap().overdue, overdue);
        assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitting");
        assert!(product.fal().ledger().is_empty());
    }
    product.pass(2);
    assert_eq!(product.stack().reconcile().await.unwrap().given_up, 1);
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], product.fal().ledger().len()), (&json!("completed"), 1), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_every_message_changes_nothing_but_time() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = product.post_master_with(json!({ "variations": 2 })).await;
    assert_eq!(product.settled(&job).await["status"], "queued");
    let mut sweeps = 0;
    while product.job(&job).await["completedAt"].is_null() {
        // Of all that are sent from here to the next run of the reconciler, one message arrives.
        product.stack().deliver_only(Some(1));
        product.pass(121);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
        sweeps += 1;
        assert!(sweeps < 30, "{}", product.job(&job).await);
    }
    assert!(sweeps > 2, "messages were lost: {sweeps}");
    product.stack().deliver_only(None);
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.05)), "{job}");
    product.finish().await;
}

/// As another version of the service may have listed it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shot_that_stands_in_no_list_is_found_by_its_job() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.stack().settle().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let moved = product
        .table()
        .update_item()
        .table_name("likeness")
        .key("pk", text(&format!("JOB#{job}")))
        .key("sk", text("SHOT#00000"))
        .update_expression("SET work_pk = :other")
        .expression_attribute_values(":other", text("WAITING#master"));
    moved.send().await.unwrap();
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(&job).await["status"], "queued", "nobody sees it");
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(&job).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_and_senseless_messages_change_nothing() {
    let product = Product::start().await;
    product.stack().sqs().deliver_twice(true);
    let job = product.post_master_with(json!({ "variations": 2 })).await;
    let ended = product.ended(&job).await;
    assert_eq!((&ended["status"], &ended["cost"]["settled"]), (&json!("completed"), &json!(0.05)));
    let queues = Queues::new(QueueConfig::from_env(product.stack().env()).unwrap());
    let id = job.parse().unwrap();
    let shot = ended["shots"][0]["shotId"].as_str().unwrap().parse().unwrap();
    for lane in Lane::ALL {
        queues.try_wake_lane(lane, LaneWakeUp::Job(id), jiff::SignedDuration::ZERO).await.unwrap();
        queues.try_wake_lane(lane, LaneWakeUp::PollProvider(shot), jiff::SignedDuration::ZERO).await.unwrap();
        queues.try_wake_lane(lane, LaneWakeUp::Room, jiff::SignedDuration::ZERO).await.unwrap();
        queues.try_wake_ingest(IngestWakeUp::Job(id)).await.unwrap();
        queues.try_wake_ingest(IngestWakeUp::Shot(shot)).await.unwrap();
    }
    assert_eq!(product.settled(&job).await, ended);
    assert_eq!(product.fal().ledger().len(), 2);
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 2);
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.reserved.micros(), ledger.settled.micros(), ledger.jobs), (0, 50_000, 1));
    product.finish().await;
}
