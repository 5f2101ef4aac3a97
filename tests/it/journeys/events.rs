//! The files in `events/` are what the functions are invoked with: each is read and attended to here.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use likeness_domain::{clock::Clock, rng::Rng};

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_has_an_answer() {
    let product = Product::start().await;
    let (env, clock) = (product.stack().env(), Clock::system());
    let rng = Rng::from_os();
    let generate = Arc::new(likeness_generate::App::start(env, clock.clone(), rng.clone()).unwrap());
    let event: SqsEvent = serde_json::from_str(include_str!("../../../events/generate-sqs.json")).unwrap();
    let response = likeness_generate::handle(&generate, event).await;
    assert!(response.batch_item_failures.is_empty(), "a job that is gone is no failure");

    let ingest = Arc::new(likeness_ingest::App::start(env, clock.clone(), rng.clone()).unwrap());
    let event: SqsEvent = serde_json::from_str(include_str!("../../../events/ingest-sqs.json")).unwrap();
    assert!(likeness_ingest::handle(&ingest, event).await.batch_item_failures.is_empty());

    let mut poisoned: SqsEvent = serde_json::from_str(include_str!("../../../events/generate-sqs.json")).unwrap();
    poisoned.records[0].body = Some("{".to_owned());
    let response = likeness_generate::handle(&generate, poisoned).await;
    assert_eq!(response.batch_item_failures.len(), 1, "a message that nobody understands goes to the dead letters");
    product.finish().await;
}
