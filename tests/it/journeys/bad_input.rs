//! Bad input: each is told what to change, and nothing is written.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_is_pointed_at_and_nothing_is_written() {
    let product = Product::start().await;
    let cases: Vec<(Value, &str)> = vec![
        (json!({ "subjectType": "animal" }), "/subjectType"),
        (json!({ "description": "123456789" }), "/description"),
        (json!({ "description": "x".repeat(1001) }), "/description"),
        (json!({ "description": "a keeper\u{0} of a light" }), "/description"),
        (json!({ "description": "a keeper \u{202e}of a light" }), "/description"),
        (json!({ "description": 7 }), "/description"),
        (json!({ "seed": -1 }), "/seed"),
        (json!({ "seed": 1.5 }), "/seed"),
        (json!({ "seed": u64::MAX }), "/seed"),
        (json!({ "variations": 0 }), "/variations"),
        (json!({ "variations": 5 }), "/variations"),
        (json!({ "subjectId": "../keeper" }), "/subjectId"),
        (json!({ "subjectId": "a#b" }), "/subjectId"),
        (json!({ "model": "dall-e" }), "/model"),
        (json!({ "references": ["http://example.com/a.png"] }), "/references/0"),
        (json!({ "references": ["https://example.com/a.png", "https://127.0.0.1/a.png"] }), "/references/1"),
        (json!({ "style": "" }), "/style"),
        (json!({ "negativPrompt": "hat" }), "/negativPrompt"),
    ];
    for (fields, pointer) in cases {
        let (status, problem) = answer(product.master(&fields)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{fields}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], json!(pointer), "{fields}: {problem}");
    }
    let (status, problem) = answer(product.master(&json!({})).header("prefer", "wait=soon")).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/Prefer")));

    let path = "/api/v1/projects/demo/images/generate/master";
    for (body, kind, expected) in [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("null", "application/json", 400),
        (&"[".repeat(10_000), "application/json", 400),
        ("{}", "text/plain", 415),
        (&format!("{{\"description\":\"{}\"}}", "x".repeat(300_000)), "application/json", 413),
    ] {
        let request = product.request(Method::POST, path).header("content-type", kind).body(body.to_owned());
        let (status, problem) = answer(request).await;
        assert_eq!(status.as_u16(), expected, "{problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:likeness:problem:"), "{problem}");
    }
    let nothing = product.request(Method::GET, "/api/v1/projects/demo/subjects/keeper");
    assert_eq!(answer(nothing).await.0, StatusCode::NOT_FOUND, "no subject came into being");
    product.stack().settle().await;
    assert!(product.fal().ledger().is_empty());
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!(ledger, likeness_core::store::Ledger::default(), "no job was accepted");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_errors_are_told_at_once_in_one_problem() {
    let product = Product::start().await;
    let request = product.master(&json!({ "description": "short", "variations": 9 })).header("x-request-id", "mine-1");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    let problem: Value = response.json().await.unwrap();
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "invalid_request",
      "detail": "the request is not valid",
      "errors": [
        {
          "detail": "must have 10 to 1000 characters, and has 5",
          "in": "body",
          "pointer": "/description"
        },
        {
          "detail": "must be 1 to 4, and is 9",
          "in": "body",
          "pointer": "/variations"
        }
      ],
      "requestId": "mine-1",
      "retryable": false,
      "status": 400,
      "title": "Invalid request",
      "type": "urn:likeness:problem:invalid-request"
    }
    "#);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_stays_what_it_is() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse on a white cliff").await;
    product.ended(&job).await;
    let (status, problem) = answer(product.master(&json!({ "subjectType": "location" }))).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/subjectType")));
    let put = json!({ "subjectType": "prop", "description": "a lighthouse keeper" });
    let (status, _) = answer(product.request(Method::PUT, "/api/v1/projects/demo/subjects/keeper").json(&put)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let put = json!({
        "subjectType": "character", "description": "a lighthouse keeper",
        "specifications": { "hairColor": "brown", "colorPalette": ["#12345"], "hairStyle": "" }
    });
    let (_, problem) = answer(product.request(Method::PUT, "/api/v1/projects/demo/subjects/keeper").json(&put)).await;
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/specifications/hairColor", "/specifications/hairStyle", "/specifications/colorPalette/0"]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_routes_and_methods_are_problems_too() {
    let product = Product::start().await;
    let (status, problem) = answer(product.request(Method::GET, "/api/v2/nothing")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not_found")));
    let (status, problem) = answer(product.request(Method::DELETE, "/api/v1/projects")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (405, &json!("method_not_allowed")));
    for (path, status) in [("/api/v1/keys?limit=1&limit=2", 400), ("/api/v1/jobs/%ff", 404)] {
        let response = product.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (status, &"application/problem+json".parse().unwrap())
        );
    }
    let health = product.http.get(format!("{}/healthz", product.stack().url())).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK, "without a key");
    product.finish().await;
}
