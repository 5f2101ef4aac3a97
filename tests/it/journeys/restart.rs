//! A process that ends at any moment goes on where it stopped. (`local/tests/kill.rs` does it with `kill -9`.)

use std::time::Duration;

use likeness_fal_emulator::{Fault, WebhookFault};
use serde_json::json;

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_nothing_and_pays_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let product = Product::with(|options| {
        options.data = Some(data.clone());
        options.fal.delay = Duration::from_millis(400);
    })
    .await;
    let jobs = [
        product.post_master("a lighthouse keeper in a yellow raincoat").await,
        product.post_master("a brass lantern with a blue flame").await,
    ];
    let test_clock = product.crash().await;

    let product = Product::at(test_clock, |options| options.data = Some(data)).await;
    for job in &jobs {
        let job = product.ended(job).await;
        assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)), "{job}");
        let url = job["result"]["url"].as_str().unwrap();
        assert_eq!(product.http.get(url).send().await.unwrap().status(), 200);
    }
    assert_eq!(product.fal().ledger().len(), 2);
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 2);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_delivered_before_the_end_is_stored_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let product = Product::with(|options| options.data = Some(data.clone())).await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    let test_clock = product.crash().await;
    let product = Product::at(test_clock, |options| options.data = Some(data)).await;
    assert_eq!(product.ended(&job).await["status"], "completed");
    assert_eq!(product.fal().ledger().len(), 1);
    product.finish().await;
}
