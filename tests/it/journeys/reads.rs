//! What is read of the table: as much as is needed, once.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, Mutex},
};

use http::Method;
use jiff::SignedDuration;
use likeness_core::store::{Acceptance, NewJob};
use likeness_domain::{id::JobId, job::Job, rng::Rng, shot::Shot};
use likeness_stack::wire::{Service, Wire};
use serde_json::{Value, json};

use crate::harness::{Product, answer, unlimited};

/// Calls and capacity units by operation of the table.
#[derive(Debug, Clone, Default)]
struct Reads(Arc<Mutex<BTreeMap<String, (u32, f64)>>>);

impl Reads {
    fn wire(&self) -> Wire {
        let counted = Arc::clone(&self.0);
        Wire::metered(move |call, toll| {
            if call.service == Service::Table && matches!(&*call.operation, "GetItem" | "Query" | "BatchGetItem") {
                let mut counted = counted.lock().unwrap();
                let entry = counted.entry(call.operation.clone()).or_default();
                entry.0 += 1;
                entry.1 += toll.units;
            }
        })
    }

    fn start_over(&self) {
        self.0.lock().unwrap().clear();
    }

    /// All calls and all units.
    fn sum(&self) -> (u32, f64) {
        let counted = self.0.lock().unwrap();
        counted.values().fold((0, 0.0), |(calls, units), (more, cost)| (calls + more, units + cost))
    }

    fn print(&self, what: &str, images: u32) {
        let (calls, units) = self.sum();
        let (of_calls, of_units) = (f64::from(calls) / f64::from(images), units / f64::from(images));
        let by = self.0.lock().unwrap();
        let line =
            format!("reads | {what} | {calls} calls, {units:.1} units; {of_calls:.1}, {of_units:.1} each | {by:?}\n");
        // Past the test runner, which would keep it to itself.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

async fn product(reads: &Reads) -> Product {
    let wire = reads.wire();
    Product::with(move |options| {
        options.wire = Some(wire);
        // The same chance every time, and one function at a time, so that the same calls are made.
        options.one_at_a_time = true;
        options.rng = Rng::seeded(7);
        options.fal.rng = Rng::seeded(8);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_of_twelve_reads_its_job_and_shots_no_oftener_than_it_must() {
    let reads = Reads::default();
    let product = product(&reads).await;
    let master = super::profile::master(&product).await;
    reads.start_over();
    let request = product.request(Method::POST, super::profile::PATH);
    let (_, accepted) = answer(request.json(&json!({ "masterReferenceId": master, "subjectId": "keeper" }))).await;
    let id = accepted["jobId"].as_str().unwrap().to_owned();
    product.stack().settle().await;
    let store = product.store();
    while store.job_alone(id.parse().unwrap()).await.unwrap().unwrap().value.ending().is_none() {
        product.pass(5);
        product.stack().settle().await;
    }
    reads.print("profile of 12", 12);
    let (calls, units) = reads.sum();
    assert!(calls > 12 && units <= MOST_UNITS, "{units} units in {calls} calls");
    product.finish().await;
}

/// Read units of a profile of 12 from the request to its end.
const MOST_UNITS: f64 = 230.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_hundred_jobs_is_a_handful_of_calls() {
    let reads = Reads::default();
    let product = product(&reads).await;
    let (store, rng, now) = (product.store(), Rng::seeded(3), product.test_clock.now());
    let sample = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.ended(&sample).await;
    let sample = store.job(sample.parse().unwrap()).await.unwrap().unwrap();
    for _ in 0..100 {
        // Later than the sample, which would stand among them otherwise.
        let id = JobId::new(now + SignedDuration::from_millis(1), &rng);
        let job = Job { id, shots: 2, cache_key: None, ..sample.job.value.clone() };
        let shots = [0, 1].map(|ordinal| Shot { id: id.shot(ordinal), ..sample.shots[0].value.clone() });
        let reading = unlimited(&job);
        let new =
            NewJob { job: &job, shots: &shots, subject: None, idempotency: None, workflow: None, reading: &reading };
        assert_eq!(store.accept_job(&new, now).await.unwrap(), Acceptance::Accepted);
    }
    reads.start_over();
    let page = product.get("/api/v1/projects/demo/jobs?limit=100").await;
    reads.print("page of 100 jobs", 100);
    let jobs: &Vec<Value> = page["jobs"].as_array().or(page["items"].as_array()).unwrap();
    assert_eq!(jobs.len(), 100, "{page}");
    assert!(jobs.iter().all(|job| job["shots"].as_array().is_some_and(|shots| shots.len() == 2)), "{page}");
    let (calls, _) = reads.sum();
    // The key, the membership, the list, its jobs, and two hundred shots at a hundred a call.
    assert!(calls <= 8, "{calls} calls");
    product.crash().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portrait_by_person_reads_the_person_once() {
    let reads = Reads::default();
    let product = product(&reads).await;
    product.put_person("ada").await;
    product.lora_of("ada").await;
    let path = "/api/v1/projects/demo/images/generate/portrait";
    let lora = product.get("/api/v1/projects/demo/people/ada").await["latestLoraId"].clone();
    let mut calls = Vec::new();
    for of in [json!({ "loraId": lora }), json!({ "personId": "ada" })] {
        let mut body = json!({ "prompt": "74828 in front of a haunted house", "seed": 3 });
        body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        // What the functions make of it is not counted.
        product.stack().deliver_only(Some(0));
        reads.start_over();
        let request = product.request(Method::POST, path).header("cache-control", "no-cache");
        let (status, answer) = answer(request.json(&body)).await;
        assert_eq!(status, http::StatusCode::ACCEPTED, "{answer}");
        calls.push(reads.sum().0);
        product.stack().deliver_only(None);
        product.ended(answer["jobId"].as_str().unwrap()).await;
    }
    assert_eq!(calls[0], calls[1], "by the LoRA, then by the person: each reads LoRA and person");
    product.finish().await;
}
