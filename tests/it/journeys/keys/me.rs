//! `GET /api/v1/me`.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::create_key;
use crate::{
    harness::{Product, answer},
    journeys::access::as_holder,
};

async fn me(product: &Product, token: &str) -> Value {
    let (status, me) = answer(as_holder(product, token, Method::GET, "/api/v1/me")).await;
    assert_eq!(status, StatusCode::OK, "{me}");
    me
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_sees_who_it_is_what_it_may_and_what_is_left() {
    let product = Product::start().await;
    let member = product.request(Method::PUT, "/api/v1/projects/demo/members/ann").json(&json!({ "role": "editor" }));
    assert_eq!(answer(member).await.0, StatusCode::OK);
    let limits = json!({ "requests": { "requests": 3, "seconds": 60 }, "caps": { "day": 1.0, "month": 5.0 } });
    let body = json!({ "name": "app", "scopes": ["read", "generate"], "userId": "ann", "limits": limits });
    let (token, key) = create_key(&product, body).await;
    let before = me(&product, &token).await;
    assert_eq!((&before["userId"], &before["scopes"]), (&json!("ann"), &json!(["read", "generate"])));
    assert_eq!(before["key"]["id"], key["id"]);
    assert_eq!(before["projects"], json!([{ "id": "demo", "role": "editor" }]));
    assert_eq!(
        before["limits"]["windows"],
        json!([
            { "name": "requests", "requests": 10, "seconds": 3600, "left": 10, "resetsAt": null },
            { "name": "profiles", "requests": 20, "seconds": 3600, "left": 20, "resetsAt": null },
            { "name": "key", "requests": 3, "seconds": 60, "left": 3, "resetsAt": null },
        ])
    );
    let caps = &before["limits"]["caps"];
    assert_eq!((&caps[0]["of"], &caps[0]["period"], &caps[0]["left"]), (&json!("key"), &json!("day"), &json!(1.0)));

    let asked = product.test_clock.now();
    let master = as_holder(&product, &token, Method::POST, "/api/v1/projects/demo/images/generate/master");
    let body = json!({ "subjectType": "prop", "subjectId": "x", "description": "a brass lantern, blue" });
    let (_, job) = answer(master.json(&body)).await;
    let job = product.ended(job["jobId"].as_str().unwrap()).await;
    let after = me(&product, &token).await;
    let window = |index: usize| &after["limits"]["windows"][index];
    let resets = |seconds| json!(format!("{:.3}", asked + jiff::SignedDuration::from_secs(seconds)));
    assert_eq!((&window(0)["left"], &window(0)["resetsAt"]), (&json!(9), &resets(3600)));
    assert_eq!((&window(1)["left"], &window(1)["resetsAt"]), (&json!(20), &Value::Null));
    assert_eq!((&window(2)["left"], &window(2)["resetsAt"]), (&json!(2), &resets(60)));
    let left = after["limits"]["caps"].as_array().unwrap().iter().map(|cap| cap["left"].as_f64().unwrap());
    let cost = job["cost"]["settled"].as_f64().unwrap();
    assert!(left.zip([1.0, 5.0]).all(|(left, cap)| (cap - cost - left).abs() < 1e-9), "{after} {cost}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_sees_itself_with_any_key_and_nothing_of_others() {
    let product = Product::start().await;
    product.create_project("rival", "rival-key").await;
    let own = me(&product, "rival-key").await;
    assert_eq!(
        (&own["projects"], &own["hasMoreProjects"]),
        (&json!([{ "id": "rival", "role": "owner" }]), &json!(false))
    );
    assert_eq!(own["limits"], json!({ "windows": [], "caps": [] }), "this key is outside of its user's windows");
    for id in ["film", "play"] {
        let project = product.request(Method::POST, "/api/v1/projects").json(&json!({ "id": id, "name": id }));
        assert_eq!(answer(project).await.0, StatusCode::CREATED);
    }
    let body = json!({ "name": "app", "scopes": ["generate"], "projects": ["film", "rival"] });
    let (token, _) = create_key(&product, body).await;
    assert_eq!(me(&product, &token).await["projects"], json!([{ "id": "film", "role": "owner" }]));
    let wrong = as_holder(&product, "wrong", Method::GET, "/api/v1/me");
    assert_eq!(answer(wrong).await.0, StatusCode::UNAUTHORIZED);
    product.finish().await;
}
