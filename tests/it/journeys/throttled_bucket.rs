//! R2 answers 429 to a second write of a key within a second, and under load: the write is repeated a second later.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use likeness_stack::wire::{CallAction, Service, Wire};

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_of_the_bucket_is_repeated_and_waits_for_no_message() {
    let puts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&puts);
    let wire = Wire::new(move |call| {
        let put = call.service == Service::Bucket && call.operation == "PUT";
        // The first of each of the three objects of a picture.
        if put && counted.fetch_add(1, Ordering::SeqCst) < 3 {
            CallAction::TooManyRequests(1)
        } else {
            CallAction::Forward
        }
    });
    let product = Product::with(|options| options.wire = Some(wire)).await;
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    // The clock stands still: a message that failed would not come again.
    assert_eq!(product.settled(&job).await["status"], "completed");
    assert!(puts.load(Ordering::SeqCst) >= 6, "each was repeated");
    product.finish().await;
}
