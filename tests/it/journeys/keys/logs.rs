//! Where tokens are not: in logs, in answers but the one that gives them out, in the table.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use super::{create_key, path_of};
use crate::{
    harness::{Product, answer},
    journeys::access::as_holder,
};

/// Everything that is logged, by all tests of this process.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_in_one_answer_and_its_hash_in_no_answer_and_neither_in_a_log() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::INFO).with_writer(lines.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let product = Product::start().await;
    let (first, key) = create_key(&product, json!({ "name": "app", "scopes": ["read", "admin"] })).await;
    let path = path_of(&key);
    let (_, rotated) = answer(product.request(Method::POST, &format!("{path}/rotate"))).await;
    let second = rotated["token"].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    for token in [&first, &second] {
        for path in ["/api/v1/me", "/api/v1/keys", "/api/v1/projects", "/api/v1/projects/nowhere", "/api/v1/queues"] {
            answers.push(answer(as_holder(&product, token, Method::GET, path)).await.1);
        }
    }
    answers.push(answer(product.request(Method::PATCH, &path).json(&json!({ "name": "other" }))).await.1);
    answers.push(answer(product.request(Method::PATCH, &path).json(&json!({ "name": first, "x": 1 }))).await.1);
    // A fault at a token's item is told of in the log.
    let damaged = format!("KEY#{}", hex::encode(Sha256::digest("damaged")));
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let put = product.table().put_item().table_name("likeness").item("pk", text(&damaged)).item("sk", text("KEY"));
    put.send().await.unwrap();
    let (status, problem) = answer(as_holder(&product, "damaged", Method::GET, "/api/v1/me")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    answers.push(problem);
    assert_eq!(answer(product.request(Method::DELETE, &path)).await.0, StatusCode::NO_CONTENT);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for event in ["key_created", "key_rotated", "key_changed", "KEY#"] {
        assert!(log.contains(event), "{event} is not in the log");
    }
    let table = whole_table(&product).await;
    for token in [first.as_str(), &second, "damaged"] {
        let hash = hex::encode(Sha256::digest(token));
        for secret in [token, &hash] {
            assert!(!log.contains(secret), "it is in the log");
            assert!(!answers.iter().any(|answer| answer.to_string().contains(secret)), "it is in an answer");
        }
        assert!(!table.contains(token) && table.contains(&hash), "the table has the hash and not the token");
    }
    product.finish().await;
}

async fn whole_table(product: &Product) -> String {
    let items = product.table().scan().table_name("likeness").into_paginator().items().send();
    format!("{:?}", items.collect::<Result<Vec<_>, _>>().await.unwrap())
}
