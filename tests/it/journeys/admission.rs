//! Slots, tokens and turns: never more at fal than the account allows, and nobody's backlog in front of everybody.

use std::time::Duration;

use futures_util::future::join_all;
use likeness_fal_emulator::{LedgerEntry, LedgerOutcome};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_completes_and_never_exceeds_the_slots() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "3".to_owned()));
        // fal itself would let all of them run at once.
        (options.fal.delay, options.fal.concurrency) = (Duration::from_millis(20), 100);
    })
    .await;
    let jobs = join_all((0..24).map(|i| product.post_master_with(json!({ "seed": i, "model": "flux-schnell" })))).await;
    let store = product.store();
    let watching = async {
        let mut most = 0;
        loop {
            let unfinished =
                |entry: &LedgerEntry| matches!(entry.outcome, LedgerOutcome::Queued | LedgerOutcome::Running);
            let in_flight = product.fal().ledger().iter().filter(|entry| unfinished(entry)).count();
            most = most.max(in_flight);
            if in_flight == 0 && product.fal().ledger().len() == 24 && !store.anybody_waits().await.unwrap() {
                return most;
            }
        }
    };
    let most = watching.await;
    assert!((1..=3).contains(&most), "{most} in flight");
    for job in jobs {
        assert_eq!(product.ended(&job).await["status"], "completed");
    }
    assert_eq!(product.fal().ledger().len(), 24);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_limit_holds_over_any_minute_and_waiting_work_is_visible() {
    let product = Product::with(|options| {
        options.environment.push(("FAL_RATE_LIMIT_PER_MINUTE".to_owned(), "2".to_owned()));
    })
    .await;
    let job = product.post_master_with(json!({ "variations": 4, "model": "flux-schnell" })).await;
    product.settled(&job).await;
    let queues = product.get("/api/v1/queues").await;
    assert_eq!((&queues["availableTokens"], &queues["queueSize"]), (&json!(0), &json!(2)), "{queues}");
    product.pass(59);
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), 2);
    // The delayed message brings admission back by itself, without a run of the reconciler.
    product.pass(3);
    assert_eq!(product.settled(&job).await["status"], "completed");
    assert_eq!(product.fal().ledger().len(), 4);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_project_is_served_in_turn_with_a_large_backlog() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "1".to_owned()));
        options.fal.delay = Duration::from_millis(30);
    })
    .await;
    product.create_project("small", "small-key").await;
    let mut large = Vec::new();
    for _ in 0..5 {
        large.push(product.post_master_with(json!({ "variations": 4, "model": "flux-schnell" })).await);
    }
    let post = product
        .http
        .request(Method::POST, format!("{}/api/v1/projects/small/images/generate/master", product.stack().url()))
        .bearer_auth("small-key")
        .json(&json!({
            "subjectType": "prop", "subjectId": "lantern", "description": "a brass lantern, blue flame",
            "variations": 2, "model": "flux-schnell"
        }));
    let (_, small) = answer(post).await;
    for job in &large {
        product.ended(job).await;
    }
    product.stack().settle().await;
    let shot = small["jobId"].as_str().unwrap().trim_start_matches("job_").to_owned();
    let order: Vec<bool> =
        product.fal().ledger().iter().map(|entry| entry.webhook_url.as_ref().unwrap().contains(&shot)).collect();
    let last = order.iter().rposition(|ours| *ours).unwrap();
    let before = order.iter().position(|ours| *ours).unwrap();
    assert_eq!(order.iter().filter(|ours| **ours).count(), 2);
    // Alternately from when it came: two of its own take at most four turns.
    assert!(last - before < 4 && last < 12, "{order:?}");
    product.finish().await;
}
