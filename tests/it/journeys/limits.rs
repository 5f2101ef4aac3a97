//! Windows on requests: exactly so many pass, whatever comes at once, and what is refused costs nothing of them.

use http::{Method, StatusCode};
use likeness_domain::{
    id::KeyId,
    limit::{KeyLimits, Window},
    project::{ApiKey, Scope},
    rng::Rng,
};
use likeness_fal_emulator::{ErrorBody, GenerationFault};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Product, answer};

const MASTER: &str = "/api/v1/projects/demo/images/generate/master";

/// A key of the user `demo` that its windows hold for.
pub(super) async fn limited_key(product: &Product, token: &str, limits: KeyLimits) {
    let now = product.test_clock.now();
    let key = ApiKey {
        id: KeyId::new(now, &Rng::from_os()),
        user: "demo".parse().unwrap(),
        name: token.to_owned(),
        scopes: vec![Scope::Read, Scope::Write, Scope::Generate],
        hint: "lk_…".to_owned(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
        limits,
        projects: None,
        last_used_at: None,
        replaced: None,
    };
    assert!(product.store().create_key(&likeness_api::token_sha256(token), &key).await.unwrap());
}

fn post(product: &Product, token: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
    product.http.post(format!("{}{path}", product.stack().url())).bearer_auth(token).json(body)
}

/// The model's own filter says no.
pub(super) fn refused_by_the_model() -> GenerationFault {
    let (kind, body) = ("content_policy_violation".to_owned(), ErrorBody::DetailList);
    GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body }
}

pub(super) fn master(seed: u64) -> Value {
    let description = "a lighthouse keeper in a yellow raincoat";
    json!({ "subjectType": "character", "subjectId": "keeper", "description": description, "seed": seed })
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn put_limits(product: &Product, body: &Value) -> Value {
    let (status, view) = answer(product.request(Method::PUT, "/api/v1/projects/demo/limits").json(body)).await;
    assert_eq!(status, StatusCode::OK, "{view}");
    view
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_edge_of_a_window_exactly_so_many_pass() {
    let product = Product::start().await;
    limited_key(&product, "many", KeyLimits::default()).await;
    put_limits(&product, &json!({ "perUser": { "requests": { "requests": 7, "seconds": 600 } } })).await;
    product.fal().faults().clear();
    for round in 0..20_u64 {
        let mut posts = JoinSet::new();
        for number in 0..10 {
            let post = post(&product, "many", MASTER, &master(round * 100 + number));
            posts.spawn(async move { post.send().await.unwrap().status().as_u16() });
        }
        let mut statuses = posts.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[202; 7].as_slice(), &[429; 3]].concat(), "round {round}");
        product.stack().settle().await;
        product.pass(600);
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_slides_and_says_where_the_caller_stands() {
    let product = Product::start().await;
    limited_key(&product, "slow", KeyLimits::default()).await;
    put_limits(&product, &json!({ "perUser": { "requests": { "requests": 2, "seconds": 60 } } })).await;
    let send = |seed| post(&product, "slow", MASTER, &master(seed)).send();
    let first = send(1).await.unwrap();
    assert_eq!((first.status(), field(&first, "ratelimit-policy")), (StatusCode::ACCEPTED, r#""requests";q=2;w=60"#));
    assert_eq!(field(&first, "ratelimit"), r#""requests";r=1;t=60"#);
    product.pass(20);
    assert_eq!(field(&send(2).await.unwrap(), "ratelimit"), r#""requests";r=0;t=40"#);
    product.pass(10);
    let refused = send(3).await.unwrap();
    assert_eq!((field(&refused, "retry-after"), field(&refused, "ratelimit")), ("30", r#""requests";r=0;t=30"#));
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("rate_limited"), &json!(true)));
    assert_eq!(problem["limit"], json!({ "name": "requests", "requests": 2, "seconds": 60 }));
    product.pass(29);
    assert_eq!(send(3).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    product.pass(1);
    assert_eq!(send(3).await.unwrap().status(), StatusCode::ACCEPTED, "the first no longer counts");
    assert_eq!(send(4).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS, "the second still does");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_generates_nothing_new_costs_nothing_of_a_window() {
    let product = Product::start().await;
    limited_key(&product, "slow", KeyLimits::default()).await;
    put_limits(&product, &json!({ "perUser": { "requests": { "requests": 2, "seconds": 60 } } })).await;
    let first = post(&product, "slow", MASTER, &master(1)).header("idempotency-key", "take-1");
    let (status, job) = answer(first.try_clone().unwrap()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await;
    for _ in 0..3 {
        let replayed = first.try_clone().unwrap().send().await.unwrap();
        assert_eq!((replayed.status().as_u16(), field(&replayed, "ratelimit")), (202, r#""requests";r=1;t=60"#));
        let cached = post(&product, "slow", MASTER, &master(1)).send().await.unwrap();
        assert_eq!(
            (field(&cached, "cache-status"), field(&cached, "ratelimit")),
            ("likeness; hit", r#""requests";r=1;t=60"#)
        );
        let bad = post(&product, "slow", MASTER, &json!({})).send().await.unwrap();
        assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
        let dry = post(&product, "slow", &format!("{MASTER}?dryRun=true"), &master(2)).send().await.unwrap();
        assert_eq!(dry.status(), StatusCode::OK);
    }
    let refused = post(&product, "slow", &format!("{MASTER}?dryRun=maybe"), &master(2));
    let (status, problem) = answer(refused).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/dryRun")), "{problem}");
    assert_eq!(post(&product, "slow", MASTER, &master(2)).send().await.unwrap().status(), StatusCode::ACCEPTED);
    for _ in 0..3 {
        let refused = post(&product, "slow", MASTER, &master(3)).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), field(&refused, "retry-after")), (429, "60"));
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_counts_what_it_begins_and_is_refused_whole() {
    let product = Product::start().await;
    limited_key(&product, "slow", KeyLimits::default()).await;
    put_limits(&product, &json!({ "perUser": { "requests": { "requests": 2, "seconds": 60 } } })).await;
    let step = |id: &str, seed| json!({ "id": id, "type": "master", "input": master(seed) });
    let chain = |ids: &[&str], from| json!({ "steps": ids.iter().zip(from..).map(|(id, seed)| step(id, seed)).collect::<Vec<_>>() });
    let path = "/api/v1/projects/demo/workflows";
    let (status, problem) = answer(post(&product, "slow", path, &chain(&["a", "b", "c"], 1))).await;
    assert_eq!((status.as_u16(), &problem["retryable"]), (429, &json!(false)), "{problem}");
    let two = post(&product, "slow", path, &chain(&["a", "b"], 1)).send().await.unwrap();
    assert_eq!((two.status().as_u16(), field(&two, "ratelimit")), (202, r#""requests";r=0;t=60"#));
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), 2);
    assert_eq!(post(&product, "slow", MASTER, &master(9)).send().await.unwrap().status().as_u16(), 429);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_user_of_an_app_has_a_window_of_their_own() {
    let product = Product::start().await;
    put_limits(&product, &json!({ "perEndUser": { "requests": 1, "seconds": 60 } })).await;
    let send = async |seed: u64, end_user: Option<&str>| {
        let mut body = master(seed);
        body["endUser"] = json!(end_user);
        product.request(Method::POST, MASTER).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!((send(1, Some("ann")).await, send(2, Some("ann")).await, send(3, Some("bob")).await), (202, 429, 202));
    assert_eq!((send(4, None).await, send(5, None).await), (202, 202), "the app itself");
    assert_eq!(send(6, Some("a b")).await, 400);
    product.stack().settle().await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_key_is_not_limited_and_a_key_has_a_window_of_its_own() {
    let product = Product::start().await;
    for seed in 0..12 {
        assert_eq!(
            product.request(Method::POST, MASTER).json(&master(seed)).send().await.unwrap().status().as_u16(),
            202
        );
    }
    let one = KeyLimits { without_user_windows: true, requests: Window::new(1, 60), ..KeyLimits::default() };
    limited_key(&product, "one", one).await;
    let first = post(&product, "one", MASTER, &master(20)).send().await.unwrap();
    assert_eq!((first.status().as_u16(), field(&first, "ratelimit-policy")), (202, r#""key";q=1;w=60"#));
    assert_eq!(post(&product, "one", MASTER, &master(21)).send().await.unwrap().status().as_u16(), 429);
    // Ten requests and twenty profiles in an hour, as the deployment has it.
    let view = product.get("/api/v1/projects/demo/limits").await;
    assert_eq!(view["deployment"]["requests"], json!({ "requests": 10, "seconds": 3600 }));
    assert_eq!((&view["perUser"], &view["perEndUser"]), (&Value::Null, &Value::Null));
    product.stack().settle().await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_admin_lets_more_through_than_the_deployment_does() {
    let product = Product::start().await;
    limited_key(&product, "owner", KeyLimits::default()).await;
    let put = async |body: Value| {
        let url = format!("{}/api/v1/projects/demo/limits", product.stack().url());
        answer(product.http.put(url).bearer_auth("owner").json(&body)).await
    };
    let windows = |requests: u32, seconds: u32| {
        let window = json!({ "requests": requests, "seconds": seconds });
        json!({ "perUser": { "requests": window, "profiles": window } })
    };
    assert_eq!(put(windows(10, 3600)).await.0, StatusCode::OK);
    for looser in [windows(11, 3600), windows(10, 3599), json!({ "perUser": {} })] {
        assert_eq!(put(looser.clone()).await.0, StatusCode::FORBIDDEN, "{looser}");
        put_limits(&product, &looser).await;
    }
    for (body, pointer) in [
        (windows(0, 60), "/perUser/requests/requests"),
        (windows(1, 0), "/perUser/requests/seconds"),
        (windows(1001, 60), "/perUser/requests/requests"),
        (json!({ "perEndUser": { "requests": 1, "seconds": 604_801 } }), "/perEndUser/seconds"),
        (json!({ "perEndUser": { "requests": -1, "seconds": 60 } }), "/perEndUser/requests"),
        (json!({ "perUser": 7 }), "/perUser"),
        (json!({ "perUsers": {} }), "/perUsers"),
    ] {
        let (status, problem) = put(body.clone()).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {problem}");
    }
    product.finish().await;
}
