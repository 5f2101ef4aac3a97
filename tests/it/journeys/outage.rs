//! A minute without the table, the bucket or the queues, in the middle of the work: callers are told to come back, and
//! the work goes on by itself.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::{Method, header};
use likeness_stack::{
    audit::audit,
    wire::{CallAction, Service, Wire},
};
use serde_json::json;

use super::profile::{PATH, master};
use crate::harness::{Product, answer};

/// Which service nobody answers at, and how often that was noticed.
#[derive(Clone, Default)]
struct Outage {
    of: Arc<Mutex<Option<Service>>>,
    met: Arc<AtomicUsize>,
}

impl Outage {
    fn wire(&self) -> Wire {
        let outage = self.clone();
        Wire::new(move |call| {
            // fal itself still reads what it is given an address of: a reference that it cannot have is a refusal of
            // fal's, after two tries in two seconds.
            if call.by.is_none() || *outage.of.lock().unwrap() != Some(call.service) {
                return CallAction::Forward;
            }
            outage.met.fetch_add(1, Ordering::SeqCst);
            CallAction::Disconnect
        })
    }

    fn of(&self, service: Option<Service>) {
        *self.of.lock().unwrap() = service;
    }

    fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

/// Jobs are at every stage when `service` goes away for a minute, in which others are asked for.
async fn a_minute_without(service: Service) {
    let outage = Outage::default();
    let wire = outage.wire();
    let product = Product::with(|options| {
        options.wire = Some(wire);
        options.fal.delay = std::time::Duration::from_millis(150);
        // Fewer slots than shots, so that some wait.
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "2".to_owned()));
        // As on AWS the minute is shorter than the window after which a submit counts as lost.
        for name in ["FAL_START_TIMEOUT_SECONDS", "FAL_GENERATION_TIMEOUT_SECONDS"] {
            options.environment.push((name.to_owned(), "30".to_owned()));
        }
    })
    .await;
    let keeper = master(&product).await;
    let profile = json!({ "masterReferenceId": keeper, "subjectId": "keeper", "angles": [0, 90, 180] });
    let (_, profile) = answer(product.request(Method::POST, PATH).json(&profile)).await;
    let mut accepted = vec![profile["jobId"].as_str().unwrap().to_owned()];
    for number in 0..4 {
        accepted.push(product.post_master(&format!("a lighthouse keeper with {number} buttons")).await);
    }

    outage.of(Some(service));
    let mut refused = 0;
    for number in 0..3 {
        let fields = json!({ "description": format!("a lighthouse keeper with {number} lanterns") });
        let response =
            product.master(&fields).header("idempotency-key", format!("later-{number}")).send().await.unwrap();
        match response.status().as_u16() {
            202 => {}
            503 => {
                assert!(response.headers().contains_key(header::RETRY_AFTER), "{response:?}");
                refused += 1;
            }
            other => panic!("{other} without {service:?}"),
        }
    }
    if service == Service::Table {
        assert_eq!(refused, 3);
        let read = product.request(Method::GET, "/api/v1/projects/demo/images").send().await.unwrap();
        assert_eq!(read.status(), 503);
        assert!(read.headers().contains_key(header::RETRY_AFTER));
    }
    for _ in 0..6 {
        product.stack().settle().await;
        product.pass(10);
        // It may have come to nothing: the schedule starts the next.
        let _ = product.stack().reconcile().await;
    }
    product.stack().settle().await;
    outage.of(None);
    assert!(outage.met() > 0, "nobody missed {service:?}");

    // Who was told to come back does, under the same key.
    for number in 0..3 {
        let fields = json!({ "description": format!("a lighthouse keeper with {number} lanterns") });
        let (status, job) = answer(product.master(&fields).header("idempotency-key", format!("later-{number}"))).await;
        assert_eq!(status, 202, "{job}");
        accepted.push(job["jobId"].as_str().unwrap().to_owned());
    }
    for job in &accepted {
        let job = product.ended(job).await;
        assert_eq!(job["status"], "completed", "without {service:?}: {job}");
    }
    for _ in 0..5 {
        product.pass(10);
        product.stack().settle().await;
    }
    let found = audit(product.stack()).await.unwrap();
    // What was told twice during the minute may have been given up, and was done by the reconciler.
    assert_eq!((found.violations, found.jobs, found.images), (vec![], 9, 11), "without {service:?}");
    product.crash().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_without_the_table() {
    a_minute_without(Service::Table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_without_the_bucket() {
    a_minute_without(Service::Bucket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_without_the_queues() {
    a_minute_without(Service::Queues).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_without_fal() {
    a_minute_without(Service::Fal).await;
}
