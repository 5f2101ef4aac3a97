//! Everything before the last step of accepting a request only reads: the dry run that quotes a request, and the one of
//! a workflow, are the very steps that accept it.

use http::{Method, StatusCode};
use likeness_core::{
    steps::accept::{Acceptor, Declined, DryRun, Order},
    store::{Acceptance, Saved},
};
use likeness_domain::{
    id::JobId,
    kind::Kind,
    limit::{Account, Allowance},
    rng::Rng,
    workflow::{Step, StepState},
};
use serde_json::{Value, json};

use crate::{
    harness::{Product, answer},
    whole_table::whole_table,
};

/// A job of `body` at `path`, at its end.
async fn made(product: &Product, path: &str, body: &Value) -> (JobId, Value) {
    let (status, accepted) = answer(product.request(Method::POST, path).json(body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{path}: {accepted}");
    let id = accepted["jobId"].as_str().unwrap().to_owned();
    let ended = product.ended(&id).await;
    assert_eq!(ended["status"], "completed", "{path}: {ended}");
    (id.parse().unwrap(), ended)
}

fn generate(kind: &str) -> String {
    format!("/api/v1/projects/demo/images/generate/{kind}")
}

/// One finished job of every kind.
async fn one_of_each(product: &Product) -> Vec<JobId> {
    let keeper = json!({
        "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper in a yellow raincoat",
    });
    let (master, ended) = made(product, &generate("master"), &keeper).await;
    let image = &ended["result"]["mediaId"];
    let profile = json!({ "masterReferenceId": image, "subjectId": "keeper", "angles": [0, 90] });
    let (profile, turned) = made(product, &generate("profile360"), &profile).await;
    let scene = json!({
        "description": "the keeper at the end of the pier",
        "references": { "characters": [{ "referenceId": image, "position": "left" }] }, "composition": "full-body",
    });
    let (composite, _) = made(product, &generate("composite"), &scene).await;
    product.put_person("ada").await;
    product.lora_of("ada").await;
    let portrait = json!({ "personId": "ada", "prompt": "74828 in front of a haunted house, smiling" });
    let (portrait, _) = made(product, &generate("portrait"), &portrait).await;
    let view = turned["result"]["images"][0]["mediaId"].as_str().unwrap();
    let (again, _) = made(product, &format!("/api/v1/projects/demo/images/{view}/regenerate"), &json!({})).await;
    let compared = json!({ "newImageId": view, "referenceSetId": image });
    let (verification, _) = made(product, "/api/v1/projects/demo/images/verify/consistency", &compared).await;
    vec![master, profile, composite, portrait, again, verification]
}

fn order(kind: Kind, may_be_cached: bool) -> Order {
    Order {
        account: Account { project: "demo".parse().unwrap(), user: "demo".parse().unwrap(), key: None, end_user: None },
        allowance: Allowance::default(),
        kind,
        metadata: None,
        may_be_cached,
        may_answer: true,
        step_of: None,
        cancel_after: None,
    }
}

fn acceptor(product: &Product) -> Acceptor {
    Acceptor::from_env(product.stack().env(), Rng::from_os()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_of_every_kind_leaves_the_table_as_it_is_and_creating_takes_what_it_planned() {
    let product = Product::start().await;
    let jobs = one_of_each(&product).await;
    let (acceptor, store, now) = (acceptor(&product), product.store(), product.test_clock.now());
    let before = whole_table(&product).await;
    let mut planned = Vec::new();
    for id in &jobs {
        let kind = store.job(*id).await.unwrap().unwrap().job.value.kind;
        let name = kind.name();
        let cached = acceptor.dry_run(&order(kind.clone(), true), now).await.unwrap();
        let answers = matches!(kind, Kind::Master(_));
        assert!(!answers || matches!(cached, DryRun::Reused(..)), "{name} was made before: {cached:?}");
        let order = order(kind, false);
        let DryRun::New(new, reading) = acceptor.dry_run(&order, now).await.unwrap() else {
            panic!("{name} is to be made anew")
        };
        planned.push((order, *new, reading));
        assert_eq!(whole_table(&product).await, before, "a dry run of {name} has written");
    }
    for (order, planned, reading) in planned {
        let (name, quote) = (planned.kind.name(), planned.plan.quote);
        // The job whose kind this is has taken the number that it foresaw.
        let next_version = version(&planned.kind).map(|foreseen| foreseen + 1);
        let created = acceptor.create(&order, planned, &reading, None, |_| None, now).await.unwrap();
        assert_eq!(created.acceptance, Acceptance::Accepted, "{name}");
        let job = store.job(created.view.job.value.id).await.unwrap().unwrap().job.value;
        assert_eq!((job.reserved, version(&job.kind)), (quote, next_version), "{name} is accepted as it was planned");
        product.ended(&job.id.to_string()).await;
    }
    assert_ne!(whole_table(&product).await, before);
    product.finish().await;
}

/// The version that a regeneration makes.
fn version(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Regeneration(again) => Some(again.version),
        Kind::Master(_) | Kind::Profile(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Verification(_) => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_for_a_full_lane_and_one_of_a_workflow_write_nothing() {
    let product =
        Product::with(|options| options.environment.push(("MAX_LANE_BACKLOG".to_owned(), "1".to_owned()))).await;
    let (store, now) = (product.store(), product.test_clock.now());
    let stop = likeness_domain::admission::Stop {
        until: now + jiff::SignedDuration::from_hours(1),
        reason: "filling up".to_owned(),
        since: Some(now),
        probes: 0,
    };
    let master = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.ended(&master).await;
    let kind = store.job(master.parse().unwrap()).await.unwrap().unwrap().job.value.kind;
    let step = |name: &str, kind| Step {
        name: name.to_owned(),
        kind,
        after: Vec::new(),
        held: None,
        state: StepState::Pending,
    };
    let (acceptor, project) = (acceptor(&product), "demo".parse().unwrap());

    let before = whole_table(&product).await;
    let chain = [step("hero", kind.clone()), step("again", kind.clone())];
    let planned = acceptor.dry_run_workflow(&project, &chain, false, now).await.unwrap();
    assert_eq!(planned.len(), 2);
    assert_eq!(planned[0].planned.plan.quote, planned[1].planned.plan.quote);
    assert_eq!(whole_table(&product).await, before, "the dry run of a workflow has written");

    assert_eq!(store.stop_lanes(stop, now).await.unwrap(), Saved::Yes);
    let waiting = product.post_master("a bearded wizard in a purple coat").await;
    product.stack().settle().await;
    let before = whole_table(&product).await;
    let full = acceptor.dry_run(&order(kind, false), now).await;
    assert!(matches!(full, Err(Declined::LaneFull { .. })), "{full:?}");
    assert_eq!(whole_table(&product).await, before, "the dry run for a full lane has written");
    store.open_lanes().await.unwrap();
    product.ended(&waiting).await;
    product.finish().await;
}
