//! Caps on money: of requests at the edge exactly those pass that fit, and what is committed is what jobs cost.

use http::{Method, StatusCode};
use likeness_domain::{
    limit::{Caps, KeyLimits},
    money::Usd,
};
use likeness_fal_emulator::{Fault, FaultRule, GenerationFault};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::limits::{limited_key, master, refused_by_the_model};
use crate::harness::{Product, answer};

const BUDGETS: &str = "/api/v1/projects/demo/budgets";
const MASTER: &str = "/api/v1/projects/demo/images/generate/master";

async fn put(product: &Product, body: &Value) -> Value {
    let (status, view) = answer(product.request(Method::PUT, BUDGETS).json(body)).await;
    assert_eq!(status, StatusCode::OK, "{view}");
    view
}

/// What jobs of the project were charged, in micro-dollars.
async fn charged(product: &Product) -> u64 {
    let jobs = product.get("/api/v1/projects/demo/jobs?limit=100").await;
    let settled = jobs["jobs"].as_array().unwrap().iter().filter_map(|job| job["cost"]["settled"].as_f64());
    settled.map(|dollars| (dollars * 1e6).round() as u64).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_edge_of_a_budget_exactly_those_pass_that_fit() {
    let product = Product::start().await;
    // A master costs 0.025.
    for (round, budget) in [
        json!({ "project": { "day": 0.18 } }),
        json!({ "perUser": { "month": 0.199 } }),
        json!({ "project": { "month": 0.175 }, "users": { "demo": { "day": 0.175 } } }),
    ]
    .into_iter()
    .enumerate()
    {
        // Of another day, and of another month.
        product.pass(40 * 86_400);
        put(&product, &budget).await;
        let mut posts = JoinSet::new();
        for number in 0..24 {
            let body = master(u64::try_from(round).unwrap() * 1000 + number);
            let post = product.request(Method::POST, MASTER).json(&body);
            posts.spawn(async move { post.send().await.unwrap().status().as_u16() });
        }
        let statuses = posts.join_all().await;
        let count = |status| statuses.iter().filter(|other| **other == status).count();
        assert_eq!((count(202), count(402)), (7, 17), "round {round}: {statuses:?}");
        product.stack().settle().await;
        let view = product.get(BUDGETS).await;
        assert_eq!(view["project"]["day"]["committed"], 0.175, "{view}");
    }
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!(
        (ledger.committed, ledger.settled, ledger.reserved),
        (ledger.settled, Usd::from_micros(175_000), Usd::ZERO)
    );
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_is_told_what_is_left_and_nothing_is_written() {
    let product = Product::start().await;
    put(&product, &json!({ "project": { "day": 0.04 } })).await;
    let (status, _) = answer(product.request(Method::POST, MASTER).json(&master(1))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    product.stack().settle().await;
    let (status, problem) = answer(product.request(Method::POST, MASTER).json(&master(2))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (402, &json!("budget_exceeded")), "{problem}");
    let limit = &problem["limit"];
    assert_eq!((&limit["of"], &limit["period"], &limit["cap"]), (&json!("project"), &json!("day"), &json!(0.04)));
    assert_eq!((&limit["left"], &limit["asked"]), (&json!(0.015), &json!(0.025)), "{problem}");
    let view = product.get(BUDGETS).await;
    assert_eq!(view["project"]["day"]["reached"], json!([50]), "{view}");
    // What an earlier job answers costs nothing, and passes.
    assert_eq!(answer(product.request(Method::POST, MASTER).json(&master(1))).await.0, StatusCode::ACCEPTED);
    product.pass(86_400);
    assert_eq!(answer(product.request(Method::POST, MASTER).json(&master(2))).await.0, StatusCode::ACCEPTED);
    product.stack().settle().await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_is_what_jobs_cost_whatever_becomes_of_them() {
    let product = Product::start().await;
    put(&product, &json!({ "project": { "month": 100 }, "users": { "demo": { "month": 100 } } })).await;
    let committed = async || {
        let view = product.get(BUDGETS).await;
        let of = |who: &Value| (who["month"]["committed"].as_f64().unwrap() * 1e6).round() as u64;
        assert_eq!(of(&view["project"]), of(&view["users"]["demo"]), "{view}");
        of(&view["project"])
    };
    product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::Billed { units: 3.0 })));
    let billed_more = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.ended(&billed_more).await;
    product.fal().faults().clear();
    product.fal().faults().add(FaultRule::always(Fault::Generation(refused_by_the_model())));
    let refused = product.post_master("a bearded wizard in a purple coat").await;
    let refused = product.ended(&refused).await;
    assert_eq!((committed().await, refused["cost"]["settled"].as_f64()), (25_000, Some(0.0)), "{refused}");
    product.fal().faults().clear();
    let retried = product.request(Method::POST, &format!("/api/v1/jobs/{}/retry", refused["jobId"].as_str().unwrap()));
    assert_eq!(answer(retried).await.0, StatusCode::ACCEPTED);
    product.stack().settle().await;
    assert_eq!(committed().await, charged(&product).await);
    // A chain sets all of it aside at once, and gives back what is not begun.
    let step = |id: &str, after: Value| json!({ "id": id, "type": "master", "input": master(77), "after": after });
    let chain = json!({ "steps": [step("a", json!([])), step("b", json!(["a"]))] });
    product.fal().faults().add(FaultRule::always(Fault::Generation(refused_by_the_model())));
    let before = committed().await;
    let post = product.request(Method::POST, "/api/v1/projects/demo/workflows").header("cache-control", "no-cache");
    let (status, workflow) = answer(post.json(&chain)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{workflow}");
    assert!(committed().await > before);
    product.stack().settle().await;
    assert_eq!((committed().await, charged(&product).await), (before, before), "nothing of it was made");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_does_not_fit_is_refused_whole() {
    let product = Product::start().await;
    put(&product, &json!({ "project": { "month": 0.07 } })).await;
    let step = |id: &str, seed: u64| json!({ "id": id, "type": "master", "input": master(seed) });
    let path = "/api/v1/projects/demo/workflows";
    let three = json!({ "steps": [step("a", 1), step("b", 2), step("c", 3)] });
    let (status, problem) = answer(product.request(Method::POST, path).json(&three)).await;
    assert_eq!((status.as_u16(), &problem["limit"]["asked"]), (402, &json!(0.075)), "{problem}");
    assert_eq!(product.fal().ledger().len(), 0);
    let two = json!({ "steps": [step("a", 1), step("b", 2)] });
    assert_eq!(answer(product.request(Method::POST, path).json(&two)).await.0, StatusCode::ACCEPTED);
    product.stack().settle().await;
    assert_eq!(product.get(BUDGETS).await["project"]["month"]["committed"], 0.05);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caps_of_a_key_hold_in_all_projects_together() {
    let product = Product::start().await;
    let caps = Caps { day: Some(Usd::from_micros(30_000)), month: None };
    limited_key(&product, "capped", KeyLimits { caps, ..KeyLimits::default() }).await;
    let create = product.request(Method::POST, "/api/v1/projects").json(&json!({ "id": "other", "name": "Other" }));
    assert_eq!(answer(create).await.0, StatusCode::CREATED);
    let send = async |project: &str, seed| {
        let url = format!("{}/api/v1/projects/{project}/images/generate/master", product.stack().url());
        answer(product.http.post(url).bearer_auth("capped").json(&master(seed))).await
    };
    assert_eq!(send("demo", 1).await.0, StatusCode::ACCEPTED);
    product.stack().settle().await;
    let (status, problem) = send("other", 2).await;
    assert_eq!((status.as_u16(), &problem["limit"]["of"]), (402, &json!("key")), "{problem}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_budget_is_refused_with_its_field() {
    let product = Product::start().await;
    for (body, pointer) in [
        (r#"{"project":{"day":-0.01}}"#, "/project/day"),
        (r#"{"project":{"month":1e308}}"#, "/project/month"),
        (r#"{"project":{"day":1.2345678}}"#, "/project/day"),
        (r#"{"project":{"day":"5"}}"#, "/project/day"),
        (r#"{"perUser":{"week":5}}"#, "/perUser/week"),
        (r#"{"users":{"a b":{"day":5}}}"#, "/users/a b"),
        (r#"{"users":{"ann":{"day":-5}}}"#, "/users/ann/day"),
        (r#"{"allowUnknownPrice":"maybe"}"#, "/allowUnknownPrice"),
    ] {
        let put = product.request(Method::PUT, BUDGETS).header("content-type", "application/json").body(body);
        let (status, problem) = answer(put).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {problem}");
    }
    let nan = product.request(Method::PUT, BUDGETS).header("content-type", "application/json");
    assert_eq!(answer(nan.body(r#"{"project":{"day":NaN}}"#)).await.0, StatusCode::BAD_REQUEST);
    product.create_project("rival", "rival-key").await;
    for (method, path) in
        [(Method::GET, BUDGETS), (Method::PUT, BUDGETS), (Method::GET, "/api/v1/projects/demo/limits")]
    {
        let url = format!("{}{path}", product.stack().url());
        let foreign = product.http.request(method, url).bearer_auth("rival-key").json(&json!({}));
        assert_eq!(answer(foreign).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    product.finish().await;
}
