//! What stays the same from one answer to the next, and how times are written.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::profile::master;
use crate::harness::{Product, answer};

/// Every text of a document that is a time.
fn times(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| times(item, found)),
        Value::Object(fields) => fields.values().for_each(|item| times(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_has_one_address_for_a_while_and_times_have_three_digits() {
    let product =
        Product::with(|options| options.environment.push(("R2_PUBLIC_DOMAIN".to_owned(), String::new()))).await;
    // To the start of a window, so that it does not end in the middle of the test.
    let into = product.test_clock.now().as_second().rem_euclid(1800);
    product.pass(1800 - into + 60);
    let image = master(&product).await;
    let path = format!("/api/v1/projects/demo/images/{image}");
    let first = product.get(&path).await;
    assert!(first["url"].as_str().unwrap().contains("X-Amz-Signature"), "{first}");
    product.pass(1000);
    let later = product.get(&path).await;
    for name in ["url", "webpUrl", "thumbnailUrl", "urlsExpireAt"] {
        assert_eq!(first[name], later[name], "{name}");
    }
    product.pass(1000);
    let next = product.get(&path).await;
    assert_ne!(first["url"], next["url"]);

    let mut answers = vec![next, product.get("/api/v1/projects/demo").await];
    for path in ["jobs", "subjects", "members", "images", "collections"] {
        answers.push(product.get(&format!("/api/v1/projects/demo/{path}")).await);
    }
    answers.push(product.get("/api/v1/keys").await);
    let upload = json!({ "contentType": "image/png", "bytes": 9 });
    let path = "/api/v1/projects/demo/images/verify/uploads";
    answers.push(answer(product.request(Method::POST, path).json(&upload)).await.1);
    for document in answers {
        let mut found = Vec::new();
        times(&document, &mut found);
        assert!(!found.is_empty() || document["collections"].is_array(), "{document}");
        for time in found {
            assert!(time.len() == 24 && time.as_bytes()[19] == b'.' && time.ends_with('Z'), "{time} in {document}");
        }
    }
    product.finish().await;
}
