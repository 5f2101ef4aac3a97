//! Whatever comes twice, at once, late, in another order or from somebody else: one effect, or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use likeness_core::{
    clients::queue::{IngestWakeUp, LaneWakeUp, Queues},
    config::QueueConfig,
    store::Saved,
};
use likeness_domain::{admission::Stop, id::ShotId, lane::Lane, rng::Rng};
use likeness_fal_emulator::{Fault, LedgerEntry, SubmitFault, WebhookFault};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    harness::{Product, answer},
    tap::{Call, Tap},
    whole_table::whole_table,
};

/// Nothing is left, every image is recorded once and every request was sent, and is charged, once.
async fn assert_once(product: &Product, images: usize, settled_micros: u64, sent: usize) {
    product.assert_nothing_left().await;
    let listed = product.get("/api/v1/projects/demo/images?limit=100").await;
    let ids = listed["images"].as_array().unwrap().iter().map(|image| image["mediaId"].as_str().unwrap());
    let ids: BTreeSet<_> = ids.collect();
    assert_eq!((ids.len(), &listed["total"]), (images, &json!(images)), "{listed}");
    let money = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((money.reserved.micros(), money.settled.micros()), (0, settled_micros));
    assert_eq!(product.fal().ledger().len(), sent, "requests at fal");
}

/// Posts a master of so many variations, and lets fal make them.
async fn post(product: &Product, variations: u32) -> String {
    let job = product.post_master_with(json!({ "variations": variations, "model": "flux-schnell" })).await;
    product.stack().settle().await;
    job
}

const PRICE: u64 = 3000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callbacks_that_come_many_times_at_once_have_one_effect_each() {
    let tap = Tap::closed().await;
    let product = tap.product(&[]).await;
    let job = post(&product, 4).await;
    let calls = tap.calls();
    assert_eq!(calls.len(), 4);
    // Each eight times, all at the same moment, beside two runs of the reconciler that ask fal.
    product.pass(11);
    let sent = calls.iter().flat_map(|call| std::iter::repeat_n(call, 8)).map(|call| call.send(&product));
    let sweeps = join_all((0..2).map(|_| product.stack().reconcile()));
    let (statuses, swept) = tokio::join!(join_all(sent), sweeps);
    assert!(swept.iter().all(Result::is_ok));
    assert_eq!(statuses, [200; 32]);
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.012)), "{job}");
    for shot in job["shots"].as_array().unwrap() {
        assert_eq!(shot["attempts"].as_array().unwrap().len(), 1, "{shot}");
    }
    assert_once(&product, 4, 4 * PRICE, 4).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_after_the_sweep_changes_nothing() {
    let tap = Tap::closed().await;
    let product = tap.product(&[]).await;
    let job = post(&product, 2).await;
    product.pass(11);
    assert_eq!(product.stack().reconcile().await.unwrap().recovered, 2);
    // While the images are on their way, and after the end.
    let statuses = join_all(tap.calls().iter().map(|call| call.send(&product))).await;
    assert_eq!(statuses, [200, 200]);
    assert_eq!(product.ended(&job).await["status"], "completed");
    let before = whole_table(&product).await;
    for call in tap.calls() {
        assert_eq!(call.send(&product).await, 200, "fal shall stop calling");
    }
    product.stack().settle().await;
    assert_eq!(whole_table(&product).await, before);
    assert_once(&product, 2, 2 * PRICE, 2).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callback_of_a_canceled_job_ends_it_with_what_came() {
    let tap = Tap::closed().await;
    let product = tap.product(&[("MAX_CONCURRENT_GENERATIONS", "1")]).await;
    let job = post(&product, 3).await;
    let (status, _) = answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let statuses = join_all((0..4).map(|_| async { tap.last().send(&product).await })).await;
    assert_eq!(statuses, [200; 4]);
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("canceled")), "{job}");
    assert_once(&product, 1, PRICE, 1).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_for_a_shot_that_was_taken_back_is_seen_and_not_charged() {
    let tap = Tap::closed().await;
    let product = tap.product(&[]).await;
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    let job = post(&product, 1).await;
    // Its answer was lost, so it is given up; nobody may go, so that it waits; and then it is taken back.
    let until = product.test_clock.now() + SignedDuration::from_secs(60);
    let stop = Stop::new(until, "a test");
    assert_eq!(product.store().stop_lanes(stop, product.test_clock.now()).await.unwrap(), Saved::Yes);
    product.pass(26);
    assert_eq!(product.stack().reconcile().await.unwrap().given_up, 1);
    product.stack().settle().await;
    let (status, _) = answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(product.settled(&job).await["status"], "canceled");
    assert_eq!(tap.last().send(&product).await, 200);
    let job = product.settled(&job).await;
    assert_eq!(job["shots"][0]["attempts"][0]["paidTwice"], true, "what fal bills is seen: {job}");
    let before = whole_table(&product).await;
    assert_eq!(tap.last().send(&product).await, 200);
    assert_eq!(whole_table(&product).await, before, "and once");
    assert_once(&product, 0, 0, 1).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callbacks_of_an_older_attempt_and_of_the_newer_one_come_at_once() {
    for older_fails in [false, true] {
        let tap = Tap::closed().await;
        let product = tap.product(&[]).await;
        product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
        if older_fails {
            product.fault(Fault::Webhook(WebhookFault::ErrorInfrastructure));
        }
        let job = post(&product, 1).await;
        product.pass(26);
        assert_eq!(product.stack().reconcile().await.unwrap().given_up, 1);
        product.stack().settle().await;
        let calls = tap.calls();
        assert_eq!(calls.len(), 2, "the second attempt is at fal");
        let sent = calls.iter().flat_map(|call| std::iter::repeat_n(call, 6)).map(async |call| {
            // Where the shot changed in between, fal is told to call again.
            for _ in 0..100 {
                match call.send(&product).await {
                    503 => {}
                    status => return status,
                }
            }
            panic!("never taken: {}", product.job(&job).await);
        });
        assert_eq!(join_all(sent).await, [200; 12]);
        let job = product.ended(&job).await;
        assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.003)), "{job}");
        let attempts = job["shots"][0]["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{job}");
        assert_eq!(attempts[0]["paidTwice"] == true, !older_fails, "{job}");
        assert_once(&product, 1, PRICE, 2).await;
        product.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_result_that_fal_could_not_send_is_fetched_once_however_often_it_says_so() {
    for unrecorded in [false, true] {
        let tap = Tap::closed().await;
        let product = tap.product(&[]).await;
        product.fault(Fault::Webhook(WebhookFault::NullPayload));
        if unrecorded {
            product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
        }
        let job = post(&product, 1).await;
        let call = tap.last();
        assert!(String::from_utf8_lossy(&call.body).contains("payload_error"));
        assert_eq!(join_all((0..8).map(|_| call.send(&product))).await, [200; 8]);
        let job = product.settled(&job).await;
        assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.003)), "{job}");
        let before = whole_table(&product).await;
        assert_eq!(join_all((0..8).map(|_| call.send(&product))).await, [200; 8]);
        product.stack().settle().await;
        assert_eq!(whole_table(&product).await, before);
        assert_once(&product, 1, PRICE, 1).await;
        product.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_in_either_form_counts_once_however_often_it_is_told() {
    for (fault, ends, attempts) in
        [(WebhookFault::ErrorDetailList, "failed", 1), (WebhookFault::ErrorInfrastructure, "completed", 2)]
    {
        let tap = Tap::closed().await;
        let product = tap.product(&[]).await;
        product.fault(Fault::Webhook(fault.clone()));
        // With a stand-in, which a lost runner is answered with.
        let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
        product.stack().settle().await;
        let call = tap.last();
        tap.open(true);
        assert_eq!(join_all((0..8).map(|_| call.send(&product))).await, [200; 8]);
        let job = product.ended(&job).await;
        assert_eq!(job["status"], ends, "{fault:?}: {job}");
        assert_eq!(job["shots"][0]["attempts"].as_array().unwrap().len(), attempts, "{job}");
        let before = whole_table(&product).await;
        assert_eq!(join_all((0..8).map(|_| call.send(&product))).await, [200; 8]);
        assert_eq!(whole_table(&product).await, before);
        let made = attempts - 1;
        assert_once(&product, made, u64::try_from(made).unwrap() * PRICE, attempts).await;
        product.finish().await;
    }
}

/// A batch as Lambda gets it.
fn batch(bodies: &[String]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = (0..)
        .zip(bodies)
        .map(|(number, body)| {
            let mut message = SqsMessage::default();
            message.message_id = Some(format!("m-{number}"));
            message.body = Some(body.clone());
            message
        })
        .collect();
    event
}

fn failed(response: &SqsBatchResponse) -> Vec<&str> {
    let mut failed: Vec<_> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    failed.sort_unstable();
    failed
}

/// The two functions that read queues, invoked by hand: the stack's own lose every message.
struct Functions {
    generate: Arc<likeness_generate::App>,
    ingest: Arc<likeness_ingest::App>,
}

impl Functions {
    fn start(product: &Product) -> Self {
        let (env, clock, rng) = (product.stack().env(), product.test_clock.clock(), Rng::from_os());
        product.stack().deliver_only(Some(0));
        Self {
            generate: Arc::new(likeness_generate::App::start(env, clock.clone(), rng.clone()).unwrap()),
            ingest: Arc::new(likeness_ingest::App::start(env, clock, rng).unwrap()),
        }
    }

    /// Each hint three times over, in three batches at once of which one is turned round.
    async fn lane(&self, hints: &[LaneWakeUp]) {
        let bodies: Vec<_> = hints.iter().map(|hint| serde_json::to_string(hint).unwrap()).collect();
        let turned: Vec<_> = bodies.iter().rev().cloned().collect();
        let invoke = |bodies: &[String]| {
            let event = batch(bodies);
            async move { likeness_generate::handle(&self.generate, event).await }
        };
        let (a, b, c) = tokio::join!(invoke(&bodies), invoke(&turned), invoke(&bodies));
        assert!([a, b, c].iter().all(|response| failed(response).is_empty()));
    }

    /// The same for ingest.
    async fn ingest(&self, hints: &[IngestWakeUp]) {
        let bodies: Vec<_> = hints.iter().map(|hint| serde_json::to_string(hint).unwrap()).collect();
        let turned: Vec<_> = bodies.iter().rev().cloned().collect();
        let invoke = |bodies: &[String]| {
            let event = batch(bodies);
            async move { likeness_ingest::handle(&self.ingest, event).await }
        };
        let (a, b, c) = tokio::join!(invoke(&bodies), invoke(&turned), invoke(&bodies));
        assert!([a, b, c].iter().all(|response| failed(response).is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_doubled_late_and_out_of_order_do_each_step_once() {
    let tap = Tap::closed().await;
    let product = tap.product(&[]).await;
    let functions = Functions::start(&product);
    let id = product.post_master_with(json!({ "variations": 2, "model": "flux-schnell" })).await;
    let job = id.parse().unwrap();
    let shots: Vec<_> = product.job(&id).await["shots"].as_array().unwrap().clone();
    let shots: Vec<ShotId> = shots.iter().map(|shot| shot["shotId"].as_str().unwrap().parse().unwrap()).collect();
    let [first, second] = shots[..] else { panic!("two shots") };
    let of_ingest = [IngestWakeUp::Shot(second), IngestWakeUp::Job(job), IngestWakeUp::Shot(first)];
    let of_lanes =
        [LaneWakeUp::PollProvider(second), LaneWakeUp::Job(job), LaneWakeUp::Room, LaneWakeUp::PollProvider(first)];
    let unchanged = async |what: &str, before: &BTreeMap<String, String>| {
        product.stack().settle().await;
        assert_eq!(&whole_table(&product).await, before, "{what}");
    };

    let before = whole_table(&product).await;
    functions.ingest(&of_ingest).await;
    unchanged("before anything was sent", &before).await;

    functions.lane(&[LaneWakeUp::Room, LaneWakeUp::Job(job)]).await;
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), 2, "each is sent once");
    let before = whole_table(&product).await;
    functions.ingest(&of_ingest).await;
    functions.lane(&[LaneWakeUp::Job(job), LaneWakeUp::Room]).await;
    unchanged("at fal", &before).await;

    functions.lane(&of_lanes).await;
    let states = |job: &Value| [0, 1].map(|shot| job["shots"][shot]["status"].clone());
    assert_eq!(states(&product.job(&id).await), [json!("delivered"), json!("delivered")]);
    let before = whole_table(&product).await;
    for call in tap.calls() {
        assert_eq!(call.send(&product).await, 200);
    }
    functions.lane(&of_lanes).await;
    functions.ingest(&[IngestWakeUp::Job(job)]).await;
    unchanged("delivered", &before).await;

    functions.ingest(&of_ingest).await;
    let ended = product.job(&id).await;
    assert_eq!((&ended["status"], &ended["cost"]["settled"]), (&json!("completed"), &json!(0.006)), "{ended}");
    let before = whole_table(&product).await;
    for late in [0, 14 * 60, 86_400] {
        product.pass(late);
        functions.lane(&of_lanes).await;
        functions.ingest(&of_ingest).await;
        unchanged("at its end", &before).await;
    }
    assert_once(&product, 2, 2 * PRICE, 2).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_message_holds_up_none_of_its_batch() {
    let product = Product::start().await;
    let functions = Functions::start(&product);
    let id = product.post_master_with(json!({ "model": "flux-schnell" })).await;
    let job = id.parse().unwrap();
    let unknown = "01jd0000000000000000000000-0".parse().unwrap();
    let text = |hint: &LaneWakeUp| serde_json::to_string(hint).unwrap();
    let poison = ["{".to_owned(), r#"{"job":"job_nonsense"}"#.to_owned(), r#"{"tomorrow":1}"#.to_owned()];
    let [a, b, c] = poison.clone();
    let bodies = [a, text(&LaneWakeUp::PollProvider(unknown)), b, text(&LaneWakeUp::Job(job)), c, String::new()];
    let response = likeness_generate::handle(&functions.generate, batch(&bodies)).await;
    assert_eq!(failed(&response), ["m-0", "m-2", "m-4", "m-5"]);
    product.stack().settle().await;
    let sent = product.job(&id).await;
    assert_eq!((product.fal().ledger().len(), &sent["shots"][0]["status"]), (1, &json!("delivered")), "{sent}");

    let shot = sent["shots"][0]["shotId"].as_str().unwrap().parse().unwrap();
    let text = |hint: &IngestWakeUp| serde_json::to_string(hint).unwrap();
    let [a, b, c] = poison;
    let bodies = [a, text(&IngestWakeUp::Shot(unknown)), b, text(&IngestWakeUp::Shot(shot)), c, String::new()];
    let response = likeness_ingest::handle(&functions.ingest, batch(&bodies)).await;
    assert_eq!(failed(&response), ["m-0", "m-2", "m-4", "m-5"]);
    assert_eq!(product.job(&id).await["status"], "completed");
    assert_once(&product, 1, PRICE, 1).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_message_ends_with_the_dead_letters_while_the_work_goes_on() {
    let product = Product::start().await;
    let sqs = product.queues();
    let env = product.stack().env();
    let queues = [(Lane::Master.variable(), "likeness-master"), ("INGEST_QUEUE_URL", "likeness-ingest")];
    for (variable, _) in queues {
        let url = env.required(variable, "").unwrap();
        sqs.send_message().queue_url(url).message_body("{").send().await.unwrap();
    }
    let id = product.post_master_with(json!({ "variations": 2, "model": "flux-schnell" })).await;
    // The work is done while the poison is hidden after its first delivery.
    let done = product.settled(&id).await;
    assert_eq!(done["status"], "completed", "{done}");
    let dead = async || {
        let depths = queues.map(async |(_, queue)| product.stack().sqs().depth(&format!("{queue}-dead-letters")).await);
        join_all(depths).await.iter().map(|depth| depth.visible).sum::<u64>()
    };
    assert_eq!(dead().await, 0);
    // Until each was received five times.
    for _ in 0..5 {
        product.pass(31);
        product.stack().settle().await;
    }
    assert_eq!(dead().await, 2, "{:?}", product.stack().depths().await);
    for (variable, _) in queues {
        let url = format!("{}-dead-letters", env.required(variable, "").unwrap());
        sqs.purge_queue().queue_url(url).send().await.unwrap();
    }
    assert_eq!(product.job(&id).await["status"], "completed");
    assert_once(&product, 2, 2 * PRICE, 2).await;
    product.finish().await;
}

/// As fal, or somebody else with `key`, would sign this body now.
fn signed(call: &Call, user_id: &str, timestamp: i64, key: [u8; 32], body: Bytes) -> Call {
    let request_id = call.headers[0].clone().unwrap();
    let hash = hex::encode(Sha256::digest(&body));
    let message = format!("{request_id}\n{user_id}\n{timestamp}\n{hash}");
    let signature = hex::encode(SigningKey::from_bytes(&key).sign(message.as_bytes()).to_bytes());
    let headers = [request_id, user_id.to_owned(), timestamp.to_string(), signature].map(Some);
    Call { headers, body, ..call.clone() }
}

/// Everything that somebody could do to a call who does not have fal's key, or has only other customers' calls.
fn forgeries(call: &Call) -> Vec<(&'static str, Call)> {
    let mut forged = Vec::new();
    for header in 0..4 {
        let value = call.headers[header].clone().unwrap();
        let mut with = |what, value: Option<String>| {
            let mut call = call.clone();
            call.headers[header] = value;
            forged.push((what, call));
        };
        with("without a header", None);
        with("an empty header", Some(String::new()));
        with("a longer header", Some(format!("{value}0")));
        with("a shorter header", Some(value[1..].to_owned()));
        for at in 0..value.len() {
            // Another character of the same sort.
            let other = if value.as_bytes()[at] == b'1' { "2" } else { "1" };
            with("another character in a header", Some(format!("{}{other}{}", &value[..at], &value[at + 1..])));
        }
    }
    for at in 0..call.body.len() {
        let mut body = call.body.to_vec();
        body[at] ^= 1 << (at % 8);
        forged.push(("a flipped bit", Call { body: body.into(), ..call.clone() }));
    }
    let longer = [&call.body[..], b" "].concat();
    forged.push(("a longer body", Call { body: longer.into(), ..call.clone() }));
    forged.push(("half a body", Call { body: call.body.slice(..call.body.len() / 2), ..call.clone() }));
    forged.push(("no body", Call { body: Bytes::new(), ..call.clone() }));
    let (user, at) = (call.headers[1].clone().unwrap(), call.headers[2].as_ref().unwrap().parse::<i64>().unwrap());
    for key in 8..24 {
        forged.push(("another key", signed(call, &user, at, [key; 32], call.body.clone())));
    }
    for other in ["somebody-else", "emulator-user2", "EMULATOR-USER", " "] {
        forged.push(("fal's word for another account", signed(call, other, at, FALS_KEY, call.body.clone())));
    }
    for off in [-86_400, -3600, -302, 302, 3600, 86_400, i64::from(i32::MAX)] {
        forged.push(("fal's word of another time", signed(call, &user, at + off, FALS_KEY, call.body.clone())));
    }
    forged
}

const FALS_KEY: [u8; 32] = [7; 32];

async fn depths(product: &Product) -> Vec<likeness_engines::sqs::Depth> {
    let queues = Lane::ALL.map(Lane::name).into_iter().chain(["ingest"]);
    let depths = queues.map(async |queue| product.stack().sqs().depth(&format!("likeness-{queue}")).await);
    join_all(depths).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_forged_or_replayed_callbacks_none_is_accepted() {
    let tap = Tap::closed().await;
    let product = tap.product(&[]).await;
    tap.open(true);
    // fal's own calls: of a job that is done, of one that failed, and of one that was tried twice.
    let done = post(&product, 1).await;
    product.fault(Fault::Webhook(WebhookFault::ErrorDetailList));
    let refused = post(&product, 1).await;
    product.fault(Fault::Webhook(WebhookFault::ErrorInfrastructure));
    let again = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    for (job, status) in [(&done, "completed"), (&refused, "failed"), (&again, "completed")] {
        assert_eq!(product.ended(job).await["status"], status);
    }
    let delivered = tap.calls();
    assert_eq!(delivered.len(), 4);
    // And of two that fal has made and that nobody was told of yet, of which one is not even known to be at fal.
    tap.open(false);
    let pending = post(&product, 1).await;
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    let unrecorded = post(&product, 1).await;
    let kept_back = tap.calls().split_off(4);
    assert_eq!(kept_back.len(), 2);
    // Not of one whose submit was not answered, nor of an error that came before the answer was written down.
    let id_is_known = async |path: &str| {
        let url: url::Url = format!("http://fal{path}").parse().unwrap();
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let shot = product.store().shot(value("shot").parse().unwrap()).await.unwrap().unwrap().value;
        let number: u32 = value("attempt").parse().unwrap();
        shot.attempts.iter().any(|attempt| attempt.number == number && attempt.request_id.is_some())
    };
    let state = async |job: &str| product.job(job).await["shots"][0]["status"].clone();
    assert_eq!((state(&pending).await, state(&unrecorded).await), (json!("submitted"), json!("submitting")));

    let at_fal: Vec<LedgerEntry> = product.fal().ledger();
    let (before, waiting) = (whole_table(&product).await, depths(&product).await);
    let usage = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    let (mut sent, mut believed) = (0, Vec::new());
    for call in delivered.iter().chain(&kept_back) {
        for (what, forged) in forgeries(call) {
            sent += 1;
            let status = forged.send(&product).await;
            if !matches!(status, 400 | 401 | 404) {
                believed.push((what, status));
            }
        }
    }
    assert!(believed.is_empty(), "{believed:?}");
    let all: Vec<_> = delivered.iter().chain(&kept_back).collect();
    for call in &all {
        for other in all.iter().filter(|other| other.path != call.path) {
            sent += 1;
            let swapped = Call { body: other.body.clone(), ..(*call).clone() };
            assert_eq!(swapped.send(&product).await, 401, "another's body");
            // The nonce is what binds an address while fal's id is unknown; who read it could have another call
            // adopted.
            if id_is_known(&other.path).await {
                sent += 1;
                let elsewhere = Call { path: other.path.clone(), ..(*call).clone() };
                assert_eq!(elsewhere.send(&product).await, 404, "fal's word about another request");
            }
        }
        for (from, to) in
            [("attempt=1", "attempt=2"), ("attempt=1", "attempt=0"), ("-0&", "-1&"), ("nonce=", "nonce=0")]
        {
            let path = call.path.replacen(from, to, 1);
            if path != call.path {
                sent += 1;
                assert_eq!(Call { path, ..(*call).clone() }.send(&product).await, 404, "{from} as {to}");
            }
        }
    }
    // Exact replays of what was heard: acknowledged, so that fal would stop calling, and without effect.
    for call in &delivered {
        let replays = join_all((0..50).map(|_| call.send(&product))).await;
        sent += replays.len();
        assert_eq!(replays, [200; 50]);
    }
    product.stack().settle().await;
    assert!(sent >= 1000, "{sent}");
    assert_eq!(whole_table(&product).await, before, "of {sent} calls none changed a thing");
    assert_eq!((depths(&product).await, product.fal().ledger()), (waiting, at_fal));
    let after = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!(after, usage);

    // Later nothing of it is believed, also not what was never heard.
    product.pass(301);
    for call in &all {
        assert_eq!(call.send(&product).await, 401);
    }
    assert_eq!(whole_table(&product).await, before);
    tap.open(true);
    for job in [&pending, &unrecorded] {
        assert_eq!(product.ended(job).await["status"], "completed");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_delayed_finds_everything_done() {
    let product = Product::start().await;
    let queues = Queues::new(QueueConfig::from_env(product.stack().env()).unwrap());
    let id = product.post_master_with(json!({ "model": "flux-schnell" })).await;
    let job = id.parse().unwrap();
    for delay in [1, 60, 900] {
        let delay = SignedDuration::from_secs(delay);
        queues.try_wake_lane(Lane::Master, LaneWakeUp::Job(job), delay).await.unwrap();
        queues.try_wake_lane(Lane::Portrait, LaneWakeUp::Room, delay).await.unwrap();
    }
    assert_eq!(product.settled(&id).await["status"], "completed");
    let before = whole_table(&product).await;
    for _ in 0..4 {
        product.pass(300);
        product.stack().settle().await;
    }
    assert_eq!(whole_table(&product).await, before);
    assert_once(&product, 1, PRICE, 1).await;
    product.finish().await;
}
