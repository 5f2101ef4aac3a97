//! One character, end to end.

use http::StatusCode;
use likeness_fal_emulator::{Fault, GenerationFault};
use likeness_vision::{Limits, decode, inspect};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

async fn bytes(product: &Product, url: &Value) -> (String, Vec<u8>) {
    let response = product.http.get(url.as_str().unwrap()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, response.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_comes_back_as_images_that_can_be_opened() {
    let product = Product::start().await;
    let request = product.master(&json!({ "seed": 196_619_188_014_358_660_u64 })).header("prefer", "wait=25");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["preference-applied"], "wait=25");
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let result: Value = response.json().await.unwrap();

    assert_eq!(result["seed"], json!(196_619_188_014_358_660_u64), "every digit");
    assert_eq!(result["status"], "completed");
    assert!(result["prompt"].as_str().unwrap().starts_with("a lighthouse keeper in a yellow raincoat, "));
    assert!(result["qualityScore"].as_f64().unwrap() > 0.9 && result["qualityPassed"] == true);
    assert!(result["specifications"]["colorPalette"][0].as_str().unwrap().starts_with('#'));
    assert!(result["mediaId"].as_str().unwrap().starts_with("img_"));

    let limits = Limits::default();
    let (kind, original) = bytes(&product, &result["url"]).await;
    assert_eq!((kind.as_str(), decode(&original, &limits).unwrap().width()), ("image/png", 1024));
    let (kind, webp) = bytes(&product, &result["webpUrl"]).await;
    assert_eq!((kind.as_str(), decode(&webp, &limits).unwrap().width()), ("image/webp", 1024));
    let (kind, thumbnail) = bytes(&product, &result["thumbnailUrl"]).await;
    assert_eq!((kind.as_str(), inspect(&thumbnail, &limits).unwrap().width), ("image/webp", 256));
    assert!(webp.len() < original.len() && thumbnail.len() < webp.len());

    let job = product.get(&location).await;
    assert_eq!(job["cost"], json!({ "reserved": 0.025, "settled": 0.025, "currency": "USD" }));
    assert_eq!(job["shots"][0]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(job["result"]["mediaId"], result["mediaId"]);
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.reserved.micros(), ledger.settled.micros(), ledger.jobs), (0, 25_000, 1));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_to_fal_is_what_was_asked_for() {
    let product = Product::start().await;
    let put = json!({
        "subjectType": "character", "description": "a lighthouse keeper",
        "specifications": { "hairColor": "#6b3e26", "costume": "yellow raincoat" }
    });
    let (status, _) = answer(product.request(Method::PUT, "/api/v1/projects/demo/subjects/keeper").json(&put)).await;
    assert_eq!(status, StatusCode::OK);
    let job = product.post_master_with(json!({ "seed": 7, "variations": 2, "negativePrompt": "hat" })).await;
    let job = product.ended(&job).await;

    let mut sent = product.fal().ledger();
    sent.sort_by_key(|entry| entry.input["seed"].as_u64());
    assert_eq!(sent.iter().map(|entry| entry.input["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [7, 8]);
    let input = &sent[0].input;
    assert_eq!(sent[0].endpoint, "fal-ai/flux/dev");
    assert!(input["prompt"].as_str().unwrap().contains("hair color #6b3e26, costume yellow raincoat"), "{input}");
    assert_eq!((&input["num_inference_steps"], &input["guidance_scale"]), (&json!(50), &json!(8.0)));
    assert_eq!(input["enable_safety_checker"], true);
    assert_eq!(job["ignoredParameters"][0]["parameter"], "negativePrompt");
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 2);
    assert_eq!(job["result"]["specifications"]["hairColor"], "#6b3e26");
    assert_eq!(job["cost"]["settled"], 0.05);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_subject_knows_its_master_and_the_image_its_subject() {
    let product = Product::start().await;
    let job = product.post_master("a brass lantern with a blue flame").await;
    let job = product.ended(&job).await;
    let image = job["result"]["mediaId"].as_str().unwrap().to_owned();
    let subject = product.get("/api/v1/projects/demo/subjects/keeper").await;
    assert_eq!(subject["masterReferences"], json!([image]));
    assert_eq!(subject["description"], "a brass lantern with a blue flame");
    let back = product.store().related_to(&"demo".parse().unwrap(), &image).await.unwrap();
    assert_eq!(back, [("HAS_MASTER_REFERENCE".to_owned(), "keeper".to_owned())]);
    let record = product.get(&format!("/api/v1/projects/demo/images/{image}")).await;
    assert_eq!((&record["subjectId"], &record["recipe"]["template"]), (&json!("keeper"), &json!("master-character@1")));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_can_be_followed_in_the_words_of_both_apis() {
    let product = Product::start().await;
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let (status, accepted) = answer(product.master(&json!({}))).await;
    assert_eq!((status, &accepted["status"]), (StatusCode::ACCEPTED, &json!("queued")));
    let id = accepted["jobId"].as_str().unwrap().to_owned();
    product.stack().settle().await;
    let early = product.get(&format!("/api/generate/status/{id}")).await;
    assert_eq!(
        (&early["status"], &early["progress"], &early["data"]),
        (&json!("processing"), &json!(30), &Value::Null)
    );
    product.ended(&id).await;
    for path in ["/api/generate/status", "/api/generate"] {
        let status = product.get(&format!("{path}/{id}")).await;
        assert_eq!((&status["status"], &status["progress"]), (&json!("completed"), &json!(100)));
        assert!(status["data"]["url"].as_str().unwrap().starts_with("http"));
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_is_too_short_answers_with_the_job() {
    let product = Product::start().await;
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let (status, job) = answer(product.master(&json!({})).header("prefer", "wait=0")).await;
    assert_eq!((status, &job["result"]), (StatusCode::ACCEPTED, &Value::Null), "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await;
    product.finish().await;
}
