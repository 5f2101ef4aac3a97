//! More than there is room for: full lanes, unequal projects, an account that fal refuses, and many functions that
//! admit at once.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use likeness_core::store::{Claim, Saved};
use likeness_domain::{
    admission::{Held, Stop},
    rng::Rng,
    shot::{CancelAtProvider, ProviderRequest},
};
use likeness_fal_emulator::{
    ErrorBody, Fault, FaultRule, GenerationFault, LedgerEntry, LedgerOutcome, SubmitFault, WebhookFault,
};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::profile;
use crate::{
    harness::{KEY, Product, answer},
    whole_table::whole_table,
};

async fn product(settings: &[(&str, &str)]) -> Product {
    let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Product::with(|options| options.environment.extend(settings)).await
}

/// Nobody is admitted for ten minutes.
async fn stand_still(product: &Product) {
    let until = product.test_clock.now() + SignedDuration::from_mins(10);
    let stop = Stop::new(until, "a test");
    assert_eq!(product.store().stop_lanes(stop, product.test_clock.now()).await.unwrap(), Saved::Yes);
}

/// A request that its caller repeats under the same key.
fn under_key(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("idempotency-key", key)
}

async fn assert_full(response: Response, lane: &str) {
    let after = response.headers().get("retry-after").unwrap().to_str().unwrap().parse::<u64>().unwrap();
    assert!((1..=600).contains(&after), "{after}");
    let status = response.status();
    let problem: Value = response.json().await.unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("lane_full")), "{problem}");
    assert_eq!((&problem["type"], &problem["retryable"]), (&json!("urn:likeness:problem:lane-full"), &json!(true)));
    assert!(problem["detail"].as_str().unwrap().contains(lane), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_lane_refuses_without_a_trace_and_answers_what_it_knows() {
    let product = product(&[("MAX_LANE_BACKLOG", "3")]).await;
    let master = profile::master(&product).await;
    let known = |fields: &Value| {
        let mut body = json!({
            "subjectType": "character", "subjectId": "keeper", "seed": 5,
            "description": "a lighthouse keeper in a yellow raincoat"
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        product.request(Method::POST, "/api/v1/projects/demo/images/generate/master").json(&body)
    };
    stand_still(&product).await;
    // Up to the limit, and over it by what the last one brings.
    let two = json!({ "variations": 2, "model": "flux-schnell" });
    let (status, first) = answer(under_key(product.master(&two), "first")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let second = product.post_master_with(two.clone()).await;
    product.stack().settle().await;
    let queues = product.get("/api/v1/queues").await;
    assert_eq!((&queues["waiting"]["master"], &queues["waiting"]["profile"]), (&json!(4), &json!(0)), "{queues}");
    assert_eq!((&queues["queueSize"], &queues["maxLaneBacklog"]), (&json!(4), &json!(3)));

    let before = whole_table(&product).await;
    for number in 0..3 {
        let fields = json!({ "subjectId": format!("new-{number}"), "model": "flux-schnell" });
        assert_full(under_key(product.master(&fields), &format!("new-{number}")).send().await.unwrap(), "master").await;
    }
    let (status, problem) = answer(product.master(&json!({ "variations": 9 }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "what is wrong is said first: {problem}");
    let body = json!({ "type": "master", "prompt": "a brass lantern with a blue flame", "projectId": "demo" });
    let first_api = product.request(Method::POST, "/api/generate").json(&body);
    assert_full(first_api.send().await.unwrap(), "master").await;
    let input = json!({ "subjectType": "prop", "subjectId": "lamp", "description": "a brass lantern, blue flame" });
    let steps = json!([{ "id": "one", "type": "master", "input": input }]);
    let workflow = || product.request(Method::POST, "/api/v1/projects/demo/workflows").json(&json!({ "steps": steps }));
    assert_full(under_key(workflow(), "workflow").send().await.unwrap(), "master").await;
    assert_eq!(whole_table(&product).await, before, "no job, no key, no money, no turn");

    let (status, replayed) = answer(under_key(product.master(&two), "first")).await;
    assert_eq!((status, &replayed["jobId"]), (StatusCode::ACCEPTED, &first["jobId"]), "a repetition is answered");
    let (status, cached) = answer(known(&json!({}))).await;
    assert_eq!((status, &cached["cached"]), (StatusCode::ACCEPTED, &json!(true)), "as is what was made before");
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [90] });
    let (status, turn) = answer(product.request(Method::POST, profile::PATH).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "another lane is not held up: {turn}");

    // The same requests, once there is room.
    product.pass(601);
    for job in [first["jobId"].as_str().unwrap(), second.as_str(), turn["jobId"].as_str().unwrap()] {
        assert_eq!(product.ended(job).await["status"], "completed");
    }
    let fields = json!({ "subjectId": "new-0", "model": "flux-schnell" });
    let (status, late) = answer(under_key(product.master(&fields), "new-0")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "the key was not used up: {late}");
    product.ended(late["jobId"].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_there_may_be_room_is_said_by_how_fast_it_goes() {
    let product = product(&[("MAX_LANE_BACKLOG", "2"), ("FAL_RATE_LIMIT_PER_MINUTE", "4")]).await;
    product.fal().faults().add(FaultRule::always(useless()));
    for _ in 0..2 {
        product.post_master_with(json!({ "variations": 4, "model": "flux-schnell" })).await;
        product.stack().settle().await;
    }
    // Four went in the last minute, four wait: three must go before there is room.
    let full = || async {
        let response = product.master(&json!({ "model": "flux-schnell" })).send().await.unwrap();
        response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(full().await, 45);
    let until = product.test_clock.now() + SignedDuration::from_secs(100);
    let stop = Stop::new(until, "a test");
    assert_eq!(product.store().stop_lanes(stop, product.test_clock.now()).await.unwrap(), Saved::Yes);
    assert_eq!(full().await, 145, "not before the stop is over");
    product.store().open_lanes().await.unwrap();
    product.pass(62);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_of_a_workflow_waits_where_its_lane_is_full() {
    let product = product(&[("MAX_LANE_BACKLOG", "1"), ("PROFILE_BATCH_SIZE", "1")]).await;
    let master = profile::master(&product).await;
    // Its first view stays at fal unheard of, so that the two others wait: twice what the lane takes.
    product.fault(Fault::Webhook(WebhookFault::Never));
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 90, 180] });
    let (_, before) = answer(product.request(Method::POST, profile::PATH).json(&body)).await;
    product.stack().settle().await;
    let full = product.request(Method::POST, profile::PATH).header("cache-control", "no-cache").json(&body);
    assert_full(full.send().await.unwrap(), "profile").await;

    let input = json!({ "subjectType": "prop", "subjectId": "lamp", "description": "a brass lantern, blue flame" });
    let turn = json!({ "masterReferenceId": "$lamp", "subjectId": "lamp", "angles": [90] });
    let steps = json!([
        { "id": "lamp", "type": "master", "input": input },
        { "id": "turn", "type": "profile_360", "input": turn }
    ]);
    let post = product.request(Method::POST, "/api/v1/projects/demo/workflows").json(&json!({ "steps": steps }));
    let (status, workflow) = answer(post).await;
    assert_eq!(status, StatusCode::ACCEPTED, "its first step has room: {workflow}");
    let path = format!("/api/v1/projects/demo/workflows/{}", workflow["workflowId"].as_str().unwrap());
    product.stack().settle().await;
    let workflow = product.get(&path).await;
    let statuses = |workflow: &Value| [0, 1].map(|step| workflow["steps"][step]["status"].clone());
    assert_eq!(statuses(&workflow), [json!("completed"), json!("queued")], "{workflow}");
    assert!(workflow["steps"][1]["jobId"].is_null(), "{workflow}");

    product.ended(before["jobId"].as_str().unwrap()).await;
    for _ in 0..20 {
        product.pass(5);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
    }
    let workflow = product.get(&path).await;
    assert_eq!(statuses(&workflow), [json!("completed"), json!("completed")], "{workflow}");
    product.finish().await;
}

/// Fails at once and for good, so that each shot is submitted once and nothing is drawn: what it makes is not the
/// matter.
fn useless() -> Fault {
    let (kind, body) = ("less_than_equal".to_owned(), ErrorBody::DetailList);
    Fault::Generation(GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body })
}

/// Who comes when, in jobs of four shots.
#[derive(Debug, Clone, Copy)]
enum Order {
    LargeFirst,
    SmallFirst,
    SmallBetween,
    Alternately,
    /// When a third of the large backlog is gone already.
    SmallLater,
}

const LARGE: (&str, &str, usize) = ("demo", KEY, 120);
const SMALL: (&str, &str, usize) = ("small", "small-key", 12);

async fn post_four(product: &Product, (project, key, _): (&str, &str, usize)) {
    let url = format!("{}/api/v1/projects/{project}/images/generate/master", product.stack().url());
    let body = json!({
        "subjectType": "prop", "subjectId": "lantern", "description": "a brass lantern, blue flame", "variations": 4,
        "model": "flux-schnell"
    });
    let (status, job) = answer(product.http.post(url).bearer_auth(key).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
}

/// The jobs of a project, all of them.
async fn jobs(product: &Product, (project, key, _): (&str, &str, usize)) -> Vec<Value> {
    let url = format!("{}/api/v1/projects/{project}/jobs?limit=100", product.stack().url());
    let (_, page) = answer(product.http.get(url).bearer_auth(key)).await;
    page["jobs"].as_array().unwrap().clone()
}

/// Whose each request at fal is, in fal's order: true for the small project's.
async fn whose(product: &Product) -> Vec<bool> {
    let small: Vec<String> = jobs(product, SMALL)
        .await
        .iter()
        .map(|job| job["jobId"].as_str().unwrap().trim_start_matches("job_").to_owned())
        .collect();
    let of_small = |entry: &LedgerEntry| small.iter().any(|job| entry.webhook_url.as_ref().unwrap().contains(job));
    product.fal().ledger().iter().map(of_small).collect()
}

/// Minute after minute until everything was sent.
async fn drain(product: &Product, total: usize) {
    for _ in 0..20 {
        product.stack().settle().await;
        if product.fal().ledger().len() == total {
            return;
        }
        product.pass(62);
        product.stack().reconcile().await.unwrap();
    }
    panic!("{} of {total} were sent", product.fal().ledger().len());
}

/// How many submits the small project is done after, counted from when it came.
async fn small_is_done_after(slots: u16, order: Order) -> usize {
    let slots = slots.to_string();
    let settings = [("MAX_CONCURRENT_GENERATIONS", slots.as_str()), ("FAL_RATE_LIMIT_PER_MINUTE", "40")];
    let product = product(&settings).await;
    product.create_project(SMALL.0, SMALL.1).await;
    product.fal().faults().add(FaultRule::always(useless()));
    // All are in line before the first goes, except where the order says otherwise.
    product.stack().deliver_only(Some(0));
    let (large, small) = (LARGE.2 / 4, SMALL.2 / 4);
    let mut sent = 0;
    match order {
        Order::LargeFirst => post_all(&product, &[(LARGE, large), (SMALL, small)]).await,
        Order::SmallFirst => post_all(&product, &[(SMALL, small), (LARGE, large)]).await,
        Order::SmallBetween => post_all(&product, &[(LARGE, large / 2), (SMALL, small), (LARGE, large / 2)]).await,
        Order::Alternately => post_all(&product, &[(LARGE, 10), (SMALL, 1)].repeat(3)).await,
        Order::SmallLater => {
            post_all(&product, &[(LARGE, large)]).await;
            product.stack().deliver_only(None);
            product.stack().reconcile().await.unwrap();
            product.stack().settle().await;
            sent = product.fal().ledger().len();
            assert_eq!(sent, 40, "as many as go in a minute");
            post_all(&product, &[(SMALL, small)]).await;
        }
    }
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    drain(&product, LARGE.2 + SMALL.2).await;
    let whose = whose(&product).await;
    assert_eq!(whose.iter().filter(|small| **small).count(), SMALL.2);
    let last = whose.iter().rposition(|small| *small).unwrap();
    product.finish().await;
    last + 1 - sent
}

async fn post_all(product: &Product, line: &[((&str, &str, usize), usize)]) {
    for (project, jobs) in line {
        for _ in 0..*jobs {
            post_four(product, *project).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_shots_beside_a_hundred_and_twenty_take_twice_their_time_alone_whoever_came_first() {
    for order in [Order::LargeFirst, Order::SmallFirst, Order::SmallBetween, Order::Alternately, Order::SmallLater] {
        let after = small_is_done_after(1, order).await;
        assert!(after <= 2 * SMALL.2, "{order:?}: {after} submits");
    }
    // With several slots those that go together reach fal in any order.
    for order in [Order::LargeFirst, Order::SmallLater] {
        let after = small_is_done_after(4, order).await;
        assert!(after < 2 * SMALL.2 + 4, "{order:?} with four slots: {after} submits");
    }
}

/// What goes first of one project takes no turns of what waits behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn masters_that_overtake_cost_another_project_no_turns() {
    let settings = [("MAX_CONCURRENT_GENERATIONS", "1"), ("FAL_RATE_LIMIT_PER_MINUTE", "8")];
    let product = product(&settings).await;
    product.create_project(SMALL.0, SMALL.1).await;
    let mut masters = Vec::new();
    for (project, key, _) in [LARGE, SMALL] {
        let url = format!("{}/api/v1/projects/{project}/images/generate/master", product.stack().url());
        let body = json!({
            "subjectType": "character", "subjectId": "keeper", "model": "flux-schnell",
            "description": "a lighthouse keeper in a yellow raincoat"
        });
        let (_, job) = answer(product.http.post(url).bearer_auth(key).json(&body)).await;
        product.stack().settle().await;
        let job = format!("{}/api/v1/jobs/{}", product.stack().url(), job["jobId"].as_str().unwrap());
        let (_, job) = answer(product.http.get(job).bearer_auth(key)).await;
        masters.push(job["result"]["mediaId"].as_str().unwrap().to_owned());
    }
    product.pass(62);
    product.fal().faults().add(FaultRule::always(useless()));
    let scenes = async |(project, key, _): (&str, &str, usize), master: &str, jobs: usize| {
        for _ in 0..jobs {
            let url = format!("{}/api/v1/projects/{project}/images/generate/composite", product.stack().url());
            let references = json!({ "characters": [{ "referenceId": master }] });
            let body = json!({
                "description": "the keeper walks along the quay at dusk", "references": references, "variations": 4
            });
            let (status, job) = answer(product.http.post(url).bearer_auth(key).json(&body)).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        }
    };
    scenes(LARGE, &masters[0], 6).await;
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), 2 + 8, "a third of its scenes");
    for _ in 0..2 {
        post_four(&product, LARGE).await;
    }
    product.pass(62);
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), 2 + 8 + 8, "its masters went first");
    scenes(SMALL, &masters[1], 1).await;
    drain(&product, 2 + 24 + 8 + 4).await;
    let whose = whose(&product).await;
    let last = whose.iter().rposition(|small| *small).unwrap();
    assert!(last + 1 - 18 <= 8, "four of its own take eight turns: {whose:?}");
    product.finish().await;
}

/// Counts every submit that reaches fal from here on, refused or not.
fn count_submits(product: &Product) {
    product.fal().faults().clear();
    product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::Slow { ms: 0 })));
}

fn submits(product: &Product) -> u32 {
    product.fal().faults().rules()[0].seen
}

async fn assert_stops_and_opens(refusal: SubmitFault, reason: &str) {
    let product = product(&[("MAX_CONCURRENT_GENERATIONS", "4")]).await;
    count_submits(&product);
    product.fal().faults().add(FaultRule::always(Fault::Submit(refusal)));
    product.stack().deliver_only(Some(0));
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(product.post_master_with(json!({ "model": "flux-schnell" })).await);
    }
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    let failed = async || {
        let jobs = join_all(ids.iter().map(|id| product.job(id))).await;
        let failed = jobs.iter().filter(|job| job["status"] == "failed");
        failed.map(|job| job["error"]["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Up to four were on their way; those who found out wait with the rest.
    let found_out = submits(&product);
    assert!((1..=4).contains(&found_out), "{found_out} submits");
    assert!(failed().await.is_empty(), "finding out costs no job");
    let queues = product.get("/api/v1/queues").await;
    assert_eq!((&queues["stopped"]["reason"], &queues["inFlight"]), (&json!(reason), &json!(0)), "{queues}");
    let waiting = product.job(&ids[7]).await;
    assert_eq!(waiting["waitsFor"]["reason"], reason, "{waiting}");
    for _ in 0..5 {
        product.pass(11);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
    }
    assert_eq!(submits(&product), found_out, "nothing for a minute, however often somebody looks");
    product.pass(6);
    product.stack().settle().await;
    assert_eq!(submits(&product), found_out + 1, "one probe, which finds out again");
    assert!(failed().await.is_empty());
    assert_eq!(product.get("/api/v1/queues").await["stopped"]["probes"], 1);

    count_submits(&product);
    product.pass(61);
    for id in &ids {
        product.ended(id).await;
    }
    assert_eq!((failed().await.len(), product.fal().ledger().len(), submits(&product)), (0, 8, 8));
    assert!(product.get("/api/v1/queues").await["stopped"].is_null());
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_account_stops_the_lanes_and_they_open_by_themselves() {
    assert_stops_and_opens(SubmitFault::Locked, "fal has locked the account").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_stops_the_lanes_and_they_open_by_themselves() {
    assert_stops_and_opens(SubmitFault::Unauthorized, "fal refuses the key").await;
}

/// Stopped lanes with three jobs that wait, and the one that found out; the stop is just over, and no message arrives.
async fn before_the_probe() -> (Product, Vec<String>) {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::Locked));
    let finder = product.post_master_with(json!({ "model": "flux-schnell" })).await;
    let found_out = product.settled(&finder).await;
    assert_eq!(found_out["shots"][0]["attempts"][0]["outcome"]["turned_away"], "account_locked", "{found_out}");
    product.stack().deliver_only(Some(0));
    let mut waiting = vec![finder];
    for _ in 0..3 {
        waiting.push(product.post_master_with(json!({ "model": "flux-schnell" })).await);
    }
    product.pass(61);
    product.stack().settle().await;
    count_submits(&product);
    (product, waiting)
}

async fn assert_all_done(product: Product, jobs: &[String]) {
    for job in jobs {
        let job = product.ended(job).await;
        assert_eq!(job["status"], "completed", "{job}");
        assert_eq!(job["cost"]["settled"], 0.003, "paid once: {job}");
    }
    let admission_state = product.store().admission_state().await.unwrap();
    assert_eq!(admission_state.weather.stop, None, "open again");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_whose_answer_is_lost_is_followed_by_another() {
    for lost in [SubmitFault::DropBeforeAccept, SubmitFault::DropAfterAccept, SubmitFault::TruncatedAnswer] {
        let (product, waiting) = before_the_probe().await;
        product.fault(Fault::Submit(lost.clone()));
        product.fault(Fault::Webhook(WebhookFault::Never));
        product.stack().deliver_only(None);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
        assert_eq!(submits(&product), 1, "{lost:?}: one alone");
        product.pass(1);
        product.stack().settle().await;
        assert_eq!(submits(&product), 1, "{lost:?}: and the next not at once");
        assert_all_done(product, &waiting).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_killed_while_it_probes_does_not_keep_the_lanes_shut() {
    let (product, waiting) = before_the_probe().await;
    // What the function had done when it was killed: the shot is claimed, and nothing was sent.
    let (store, now) = (product.store(), product.test_clock.now());
    let admission_state = store.admission_state().await.unwrap();
    assert!(admission_state.weather.stop.as_ref().is_some_and(|stop| stop.until <= now));
    let first = store.waiting(1).next().await.unwrap().unwrap();
    let before = store.shot(first).await.unwrap().unwrap();
    let lease_until = now + SignedDuration::from_secs(15);
    let claimed = before
        .value
        .clone()
        .claim(ProviderRequest { slot: 0, lease_until, cancel_at_provider: CancelAtProvider::No }, "00".repeat(16), now)
        .unwrap();
    let held = Held { slot: 0, shot: first, attempt: 1, lease_until, left: None };
    assert_eq!(store.take_probe(&admission_state.weather, now).await.unwrap(), Saved::Yes);
    let claim =
        store.claim(&before, &claimed, &held, &admission_state, admission_state.recent.clone(), now).await.unwrap();
    assert_eq!(claim, Claim::Taken);

    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    assert_eq!(submits(&product), 0, "nobody goes while the probe may be at fal");
    assert_all_done(product, &waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_killed_before_it_opens_the_lanes_leaves_it_to_the_next() {
    let (product, waiting) = before_the_probe().await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    // As if the probe had been taken and its function killed right after: the stop stands, and is over.
    let until = product.test_clock.now() - SignedDuration::from_secs(1);
    let stop = Stop::new(until, "fal has locked the account");
    assert_eq!(product.store().stop_lanes(stop, product.test_clock.now()).await.unwrap(), Saved::Yes);
    let more = product.post_master_with(json!({ "model": "flux-schnell" })).await;
    assert_all_done(product, &[waiting, vec![more]].concat()).await;
}

const SLOTS: usize = 3;
const A_MINUTE: usize = 7;

fn room() -> SqsEvent {
    let mut event = SqsEvent::default();
    let mut message = SqsMessage::default();
    (message.message_id, message.body) = (Some("m-1".to_owned()), Some("\"room\"".to_owned()));
    event.records = vec![message];
    event
}

fn at_fal(product: &Product) -> usize {
    let unfinished = |entry: &LedgerEntry| matches!(entry.outcome, LedgerOutcome::Queued | LedgerOutcome::Running);
    product.fal().ledger().iter().filter(|entry| unfinished(entry)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_functions_that_admit_at_once_exceed_neither_the_slots_nor_the_rate() {
    let product = Product::with(|options| {
        let settings = [("MAX_CONCURRENT_GENERATIONS", SLOTS), ("FAL_RATE_LIMIT_PER_MINUTE", A_MINUTE)];
        options.environment.extend(settings.map(|(name, value)| (name.to_owned(), value.to_string())));
        // fal itself would let all of them run at once.
        (options.fal.delay, options.fal.concurrency) = (Duration::from_millis(30), 100);
    })
    .await;
    product.fal().faults().add(FaultRule::always(useless()));
    let env = product.stack().env();
    let start = || likeness_generate::App::start(env, product.test_clock.clock(), Rng::from_os()).unwrap();
    let functions: Vec<_> = (0..6).map(|_| Arc::new(start())).collect();
    for _ in 0..6 {
        product.post_master_with(json!({ "variations": 4, "model": "flux-schnell" })).await;
    }
    let (mut most, mut most_seen) = (0, 0);
    for _ in 0..60 {
        // Beside the stack's own.
        let admitting = join_all(functions.iter().map(|function| likeness_generate::handle(function, room())));
        let watching = async {
            for _ in 0..10 {
                most = most.max(at_fal(&product));
                let queues = product.get("/api/v1/queues").await;
                most_seen = most_seen.max(queues["inFlight"].as_u64().unwrap());
                assert!(queues["availableTokens"].as_u64().unwrap() <= A_MINUTE as u64, "{queues}");
            }
        };
        tokio::join!(admitting, watching);
        product.stack().settle().await;
        if product.fal().ledger().len() == 24 && at_fal(&product) == 0 {
            break;
        }
        product.pass(5);
    }
    assert_eq!(product.fal().ledger().len(), 24, "each once");
    assert!((1..=SLOTS).contains(&most), "{most} at fal");
    assert!((1..=SLOTS as u64).contains(&most_seen), "{most_seen} in flight, it is said");
    let sent: Vec<Timestamp> = product.fal().ledger().iter().map(|entry| entry.accepted_at).collect();
    for first in &sent {
        let end = *first + SignedDuration::from_secs(60);
        let within = sent.iter().filter(|sent| (*first..end).contains(*sent)).count();
        assert!(within <= A_MINUTE, "{within} in the minute from {first}");
    }
    assert!(sent.iter().max().unwrap().duration_since(sent[0]) >= SignedDuration::from_secs(180), "it had to wait");
    product.finish().await;
}
