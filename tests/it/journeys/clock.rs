//! A laptop's clock is set while it works: back, forward, or by hours after a suspend. What is under way goes on.

use std::time::Duration;

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_in_the_middle_of_work_stops_nothing() {
    // Back by an hour and by a day, forward by an hour, and by the hours of a suspend.
    for seconds in [-3600, -86_400, 3600, 7 * 3600] {
        let product = Product::with(|options| options.fal.delay = Duration::from_millis(200)).await;
        let describe = |what: &str, number: usize| format!("a lighthouse keeper with {number} {what}");
        let mut jobs = Vec::new();
        for number in 0..3 {
            jobs.push(product.post_master(&describe("buttons", number)).await);
        }
        product.pass(seconds);
        for number in 0..3 {
            jobs.push(product.post_master(&describe("lanterns", number)).await);
        }
        for job in &jobs {
            let job = product.settled(job).await;
            assert_eq!(job["status"], "completed", "set by {seconds} s: {job}");
        }
        product.finish().await;
    }
}
