//! `Idempotency-Key` on every request that creates or does something.

use futures_util::future::join_all;
use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_created_under_a_key_is_created_once() {
    let product = Product::start().await;
    let project = "/api/v1/projects/demo";
    let person = product.request(Method::PUT, &format!("{project}/people/ada")).json(&json!({ "name": "Ada" }));
    assert_eq!(answer(person).await.0, StatusCode::OK);
    let posts: [(String, Value, Value, &str); 4] = [
        ("/api/v1/projects".to_owned(), json!({ "name": "Film" }), json!({ "name": "Films" }), "id"),
        (
            "/api/v1/keys".to_owned(),
            json!({ "name": "k", "scopes": ["read"] }),
            json!({ "name": "k", "scopes": ["write"] }),
            "token",
        ),
        (
            format!("{project}/loras"),
            json!({ "personId": "ada", "bytes": 1000 }),
            json!({ "personId": "ada", "bytes": 1001 }),
            "loraId",
        ),
        (
            format!("{project}/images/verify/uploads"),
            json!({ "contentType": "image/png", "bytes": 1000 }),
            json!({ "contentType": "image/png", "bytes": 1001 }),
            "uploadId",
        ),
    ];
    for (path, body, other, id) in posts {
        // A key is of all that its user, or its project, is asked for.
        let key = format!("take-{id}");
        let post =
            |body: &Value| answer(product.request(Method::POST, &path).header("idempotency-key", &key).json(body));
        let made = join_all((0..6).map(|_| post(&body))).await;
        for (status, answer) in &made {
            assert_eq!((*status, &answer[id]), (StatusCode::CREATED, &made[0].1[id]), "{path}: {made:?}");
        }
        assert!(!made[0].1[id].is_null(), "{made:?}");
        let (status, problem) = post(&other).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")), "{path}: {problem}");
        let free = answer(product.request(Method::POST, &path).json(&body)).await;
        assert_ne!(free.1[id], made[0].1[id], "without a key it is another: {free:?}");
    }
    assert_eq!(product.get("/api/v1/projects").await["projects"].as_array().unwrap().len(), 3);
    let keys = product.get("/api/v1/keys").await;
    assert_eq!(keys["keys"].as_array().unwrap().iter().filter(|key| key["name"] == "k").count(), 2);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_derived_token_works_and_is_nowhere() {
    let product = Product::start().await;
    let body = json!({ "name": "k", "scopes": ["read"] });
    let post = product.request(Method::POST, "/api/v1/keys").header("idempotency-key", "\"take-1\"").json(&body);
    let (_, made) = answer(post).await;
    let token = made["token"].as_str().unwrap();
    let read = product.http.get(format!("{}/api/v1/projects", product.stack().url())).bearer_auth(token);
    assert_eq!(answer(read).await.0, StatusCode::OK);
    // Another caller's key of that name is another.
    product.create_project("rival", "rival-key").await;
    let rival = product.http.post(format!("{}/api/v1/keys", product.stack().url())).bearer_auth("rival-key");
    let (status, other) = answer(rival.header("idempotency-key", "take-1").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{other}");
    assert_ne!(other["token"], made["token"]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_under_a_key_is_done_once() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse keeper with a lamp").await;
    let cancel = |key: &str| {
        answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel")).header("idempotency-key", key))
    };
    assert_eq!(cancel("stop").await.0, StatusCode::ACCEPTED);
    product.settled(&job).await;
    assert!(cancel("stop").await.0.is_success());
    let other = product.post_master("a lighthouse keeper with a rope").await;
    let elsewhere = product.request(Method::POST, &format!("/api/v1/jobs/{other}/cancel"));
    let (status, problem) = answer(elsewhere.header("idempotency-key", "stop")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")), "{problem}");
    product.ended(&other).await;
    product.finish().await;
}
