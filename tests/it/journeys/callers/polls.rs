//! Polls: short where nothing changed, and no longer than what is asked for; and a workflow can be waited for.

use http::StatusCode;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_brings_nothing_new_is_short() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse keeper with a lamp").await;
    let path = format!("/api/v1/jobs/{job}");
    let first = product.request(Method::GET, &path).send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = product.request(Method::GET, &path).header("if-none-match", &tag).send().await.unwrap();
    assert!(again.status() == StatusCode::NOT_MODIFIED || again.headers()["etag"] != tag.as_str());
    product.ended(&job).await;
    let ended = product.request(Method::GET, &path).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::OK);
    let tag = ended.headers()["etag"].clone();
    for path in [path.clone(), path.clone()] {
        let same = product.request(Method::GET, &path).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((same.status(), same.content_length().unwrap_or_default()), (StatusCode::NOT_MODIFIED, 0));
    }

    let chosen = product.get(&format!("{path}?fields=status,progress, error")).await;
    assert_eq!(chosen, json!({ "status": "completed", "progress": 100 }));
    assert!(product.get(&format!("{path}?fields=result")).await["result"]["mediaId"].is_string());
    let (status, problem) = answer(product.request(Method::GET, &format!("{path}?fields=status,states"))).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/fields")), "{problem}");
    // Every field that an answer has can be chosen.
    let whole = product.get(&path).await;
    let names: Vec<&str> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(product.get(&format!("{path}?fields={}", names.join(","))).await, whole);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_can_be_waited_for() {
    let product = Product::start().await;
    let input = json!({ "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper" });
    let steps = json!({ "steps": [{ "id": "hero", "type": "master", "input": input }] });
    let request = product.request(Method::POST, "/api/v1/projects/demo/workflows").json(&steps);
    let response = request.header("prefer", "wait=25").send().await.unwrap();
    assert_eq!(response.headers()["preference-applied"], "wait=25");
    assert_eq!(response.status(), StatusCode::OK);
    let workflow: serde_json::Value = response.json().await.unwrap();
    assert_eq!(workflow["status"], "completed", "{workflow}");
    let bad =
        product.request(Method::POST, "/api/v1/projects/demo/workflows").json(&steps).header("prefer", "wait=soon");
    assert_eq!(answer(bad).await.1["errors"][0]["pointer"], "/Prefer");
    product.finish().await;
}
