//! Another server that speaks fal's protocol, named by variables alone: nothing depends on the built-in emulator.

use likeness_domain::clock::Clock;
use likeness_fal_emulator::{Emulator, EmulatorOptions};
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_journey_passes_with_a_fal_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = EmulatorOptions { keys: vec!["id:secret".to_owned()], ..EmulatorOptions::default() };
    // Its clock is its own: the product's stands still at another time.
    let product_now = jiff::Timestamp::from_second(1_795_000_000).unwrap();
    let fal = Emulator::start(listener, options, Clock::new(move || product_now)).await.unwrap();
    let (queue, jwks) = (fal.url(), fal.jwks_url());
    let product = Product::with(|options| {
        options.environment.extend(
            [("FAL_KEY", "id:secret\n"), ("FAL_QUEUE_URL", &queue), ("FAL_JWKS_URL", &jwks)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
    })
    .await;
    assert!(product.stack().emulator().is_none());
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    fal.idle().await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], fal.ledger().len()), (&json!("completed"), 1), "{job}");
    assert!(fal.violations().is_empty(), "no key goes to a file host");
    product.finish().await;
    fal.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fal_that_is_gone_for_good_leaves_nothing_hanging() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = EmulatorOptions { delay: std::time::Duration::from_secs(3600), ..EmulatorOptions::default() };
    let fal = Emulator::start(listener, options, Clock::system()).await.unwrap();
    let (queue, jwks) = (fal.url(), fal.jwks_url());
    let product = Product::with(|options| {
        options.environment.extend(
            [("FAL_KEY", "id:secret"), ("FAL_QUEUE_URL", &queue), ("FAL_JWKS_URL", &jwks)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
    })
    .await;
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitted");
    fal.stop().await;
    for _ in 0..4 {
        product.pass(7000);
        product.stack().reconcile().await.unwrap();
        assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitted", "it may come back");
    }
    product.pass(7000);
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("provider_unavailable")), "{job}");
    let attempts = job["shots"][0]["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[0]["outcome"]["rejected"]), (1, &json!("unreachable")), "not sent again");
    product.finish().await;
}
