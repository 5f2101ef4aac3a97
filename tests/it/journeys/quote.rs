//! The quote: what a dry run says is never less than what is charged, and the same where nothing goes wrong.

use http::{Method, StatusCode};
use likeness_fal_emulator::{Fault, FaultRule, GenerationFault};
use serde_json::{Value, json};

use super::limits::{master, refused_by_the_model};
use crate::{
    harness::{Product, answer},
    whole_table::whole_table,
};

const PROJECT: &str = "/api/v1/projects/demo";

async fn quote(product: &Product, path: &str, body: &Value) -> Value {
    let post = product.request(Method::POST, &format!("{path}?dryRun=true")).header("cache-control", "no-cache");
    let (status, quote) = answer(post.json(body)).await;
    assert_eq!((status, &quote["dryRun"]), (StatusCode::OK, &json!(true)), "{path}: {quote}");
    quote
}

/// The job of `body`, at its end.
async fn made(product: &Product, path: &str, body: &Value) -> Value {
    let post = product.request(Method::POST, path).header("cache-control", "no-cache");
    let (status, job) = answer(post.json(body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{path}: {job}");
    product.ended(job["jobId"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_costs_what_its_quote_says_and_quoting_writes_nothing() {
    let product = Product::start().await;
    let path = |kind: &str| format!("{PROJECT}/images/generate/{kind}");
    let hero = made(&product, &path("master"), &master(1)).await;
    let (image, job) = (hero["result"]["mediaId"].clone(), hero["jobId"].as_str().unwrap());
    let mut three = master(2);
    three["variations"] = json!(3);
    let profile = json!({ "masterReferenceId": image, "subjectId": "keeper", "angles": [0, 90, 180] });
    let characters = json!([{ "referenceId": image, "position": "left" }]);
    let scene = json!({ "description": "a quay in the rain", "references": { "characters": characters } });
    for (path, body, models) in [
        (path("master"), three, json!([["flux-dev", 3, 3, 0.025]])),
        (path("profile360"), profile, json!([["kontext-pro", 3, 3, 0.04]])),
        (path("composite"), scene, Value::Null),
        (
            format!("{PROJECT}/images/{}/regenerate", image.as_str().unwrap()),
            json!({}),
            json!([["flux-dev", 1, 1, 0.025]]),
        ),
    ] {
        let before = whole_table(&product).await;
        let quote = quote(&product, &path, &body).await;
        assert_eq!(whole_table(&product).await, before, "the quote of {path} has written");
        let lines = quote["perModel"].as_array().unwrap();
        let told: Vec<Value> = lines
            .iter()
            .map(|line| json!([line["model"], line["images"], line["quantity"], line["unitPrice"]]))
            .collect();
        assert!(models.is_null() || json!(told) == models, "{quote}");
        let sum: f64 =
            lines.iter().map(|line| line["quantity"].as_f64().unwrap() * line["unitPrice"].as_f64().unwrap()).sum();
        assert!((sum - quote["estimatedCost"].as_f64().unwrap()).abs() < 1e-9, "{quote}");
        assert_eq!((&quote["limits"]["allowed"], &quote["cacheHit"]), (&json!(true), &json!(false)), "{quote}");
        let job = made(&product, &path, &body).await;
        assert_eq!(
            (&job["cost"]["reserved"], &job["status"]),
            (&quote["estimatedCost"], &json!("completed")),
            "{path}: {job}"
        );
        // What may be made by a dearer stand-in is quoted at its price.
        assert!(models.is_null() || job["cost"]["settled"] == quote["estimatedCost"], "{path}: {job}");
    }
    let cached = product.request(Method::POST, &format!("{}?dryRun=true", path("master"))).json(&master(1));
    let (_, cached) = answer(cached).await;
    assert_eq!((&cached["cacheHit"], &cached["estimatedCost"]), (&json!(true), &json!(0.0)), "{cached}");
    let retry = product.request(Method::POST, &format!("/api/v1/jobs/{job}/retry?dryRun=true"));
    assert_eq!(answer(retry).await.0, StatusCode::CONFLICT, "there is nothing to retry");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_and_a_retry_have_quotes_that_hold() {
    let product = Product::start().await;
    let turn = json!({ "id": "turn", "type": "profile_360", "input": { "angles": [0, 90] } });
    let chain = json!({ "steps": [{ "id": "hero", "type": "master", "input": master(1), "then": [turn] }] });
    let path = format!("{PROJECT}/workflows");
    let quote_of_chain = quote(&product, &path, &chain).await;
    assert_eq!(quote_of_chain["estimatedCost"], 0.105, "{quote_of_chain}");
    assert_eq!(quote_of_chain["steps"][1], json!({ "id": "turn", "estimatedCost": 0.08, "cacheHit": false }));
    let (status, _) = answer(product.request(Method::POST, &path).json(&chain)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    product.stack().settle().await;
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.settled.micros(), ledger.committed), (105_000, ledger.settled));

    product.fal().faults().add(FaultRule::always(Fault::Generation(refused_by_the_model())));
    let refused = product.post_master("a bearded wizard in a purple coat").await;
    assert_eq!(product.ended(&refused).await["status"], "failed");
    product.fal().faults().clear();
    let retry = format!("/api/v1/jobs/{refused}/retry");
    assert_eq!(quote(&product, &retry, &json!({})).await["estimatedCost"], 0.025);
    assert_eq!(answer(product.request(Method::POST, &retry)).await.0, StatusCode::ACCEPTED);
    assert_eq!(product.ended(&refused).await["cost"]["settled"], 0.025);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_goes_wrong_makes_a_job_dearer_than_its_quote() {
    let product = Product::start().await;
    let faults = [
        None,
        Some(GenerationFault::Billed { units: 5.0 }),
        Some(refused_by_the_model()),
        Some(GenerationFault::MoreImages { images: 4 }),
    ];
    for (number, fault) in (0_u64..).zip(faults) {
        product.fal().faults().clear();
        if let Some(fault) = &fault {
            product.fal().faults().add(FaultRule::always(Fault::Generation(fault.clone())));
        }
        for variations in [1, 2] {
            let mut body = master(10 * number + variations);
            body["variations"] = json!(variations);
            let path = format!("{PROJECT}/images/generate/master");
            let quote = quote(&product, &path, &body).await["estimatedCost"].as_f64().unwrap();
            let settled = made(&product, &path, &body).await["cost"]["settled"].as_f64().unwrap();
            assert!(settled <= quote, "{fault:?}: {settled} of {quote}");
            assert!(fault.is_some() || settled == quote, "{settled} of {quote}");
        }
    }
    product.finish().await;
}
