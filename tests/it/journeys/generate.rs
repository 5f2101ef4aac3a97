//! `POST /api/generate`: the kinds in the words of the first API.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use likeness_core::{clients::bucket::Bucket, config::BucketConfig, store::MemberChange};
use likeness_domain::project::{Member, Role};
use serde_json::{Value, json};

use super::profile::master;
use crate::harness::{Product, answer};

const PROMPT: &str = "a lighthouse keeper in a yellow raincoat";

async fn post(product: &Product, body: Value) -> (StatusCode, Value) {
    answer(product.request(Method::POST, "/api/generate").json(&body)).await
}

/// Sends a request that is accepted; returns the job once it has ended.
async fn made(product: &Product, body: Value) -> Value {
    let (status, accepted) = post(product, body).await;
    assert_eq!((status, &accepted["status"]), (StatusCode::ACCEPTED, &json!("queued")), "{accepted}");
    let job = product.ended(accepted["jobId"].as_str().unwrap()).await;
    assert_eq!(job["status"], "completed", "{job}");
    job
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_needs_no_more_than_a_prompt() {
    let product = Product::start().await;
    let metadata = json!({ "scene": { "take": 7.0, "": [[[]]] }, "subjectId": null });
    let body = json!({ "type": "master", "prompt": PROMPT, "metadata": metadata });
    let response = product.request(Method::POST, "/api/generate").json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let accepted: Value = response.json().await.unwrap();
    let id = accepted["jobId"].as_str().unwrap();
    let expected = json!({ "jobId": id, "status": "queued", "message": "Image generation queued successfully" });
    assert_eq!((accepted.clone(), location), (expected, format!("/api/v1/jobs/{id}")));
    let job = product.ended(id).await;
    assert_eq!((&job["status"], &job["metadata"]), (&json!("completed"), &metadata));
    assert!(job["metadata"]["scene"]["take"].is_f64(), "as it was given");
    let status = product.get(&format!("/api/generate/status/{id}")).await;
    assert_eq!(
        (&status["progress"], status["data"]["prompt"].as_str().unwrap().starts_with(PROMPT)),
        (&json!(100), true)
    );
    let subject = status["data"]["images"][0]["subjectId"].as_str().unwrap();
    assert!(subject.starts_with("subject-") && subject.len() == 20, "{subject}");

    // A subject that was made up is the same for the same request, which so is answered by the earlier job.
    let bare = json!({ "type": "master", "prompt": format!("{PROMPT} at dusk") });
    let first = made(&product, bare.clone()).await;
    assert_eq!(post(&product, bare).await.1["jobId"], first["jobId"]);
    let body =
        json!({ "type": "master", "prompt": PROMPT, "metadata": { "subjectId": "keeper", "subjectType": "prop" } });
    let first = made(&product, body.clone()).await;
    assert_eq!(product.get("/api/v1/projects/demo/subjects/keeper").await["subjectType"], "prop");
    let (status, again) = post(&product, body).await;
    let expected =
        json!({ "jobId": first["jobId"], "status": "completed", "message": "The image was generated before" });
    assert_eq!((status, again), (StatusCode::ACCEPTED, expected));
    assert_eq!(product.fal().ledger().len(), 3);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_callers_note_with_their_jobs_is_shown_to_nobody_else() {
    let product = Product::start().await;
    let body = |metadata: Value| json!({ "type": "master", "prompt": PROMPT, "metadata": metadata });
    let subject = json!({ "subjectId": "keeper" });
    let mut ids = Vec::new();
    for metadata in [json!({ "subjectId": "keeper", "take": 1 }), json!({ "subjectId": "keeper", "take": 2 }), subject]
    {
        // Made, and not answered by the one before.
        let job = made(&product, body(metadata.clone())).await;
        assert_eq!(job["metadata"], metadata);
        ids.push(job["jobId"].clone());
    }
    // Nothing but what is part of the request itself: that is answered, and through any route.
    let (_, again) = post(&product, body(json!({ "subjectId": "keeper", "subjectType": "character" }))).await;
    assert_eq!((&again["jobId"], &again["status"]), (&ids[2], &json!("completed")));
    let input = json!({ "subjectType": "character", "subjectId": "keeper", "description": PROMPT });
    let path = "/api/v1/projects/demo/images/generate/master";
    let (_, again) = answer(product.request(Method::POST, path).json(&input)).await;
    assert_eq!((&again["jobId"], &again["cached"], &again["metadata"]), (&ids[2], &json!(true), &Value::Null));
    assert_eq!(product.fal().ledger().len(), 3);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_an_image_of_ours_is_that_image() {
    let product = Product::start().await;
    let master = master(&product).await;
    let image = product.get(&format!("/api/v1/projects/demo/images/{master}")).await;
    let url = image["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1"), "{url}");
    // The subject is whom the image shows.
    let profile = made(&product, json!({ "type": "profile_360", "prompt": PROMPT, "referenceImageUrl": url })).await;
    assert_eq!((&profile["result"]["masterReferenceUsed"], &profile["type"]), (&json!(master), &json!("profile_360")));
    assert_eq!(profile["result"]["images"].as_array().unwrap().len(), 12);
    assert_eq!(profile["result"]["images"][0]["subjectId"], "keeper");

    let bucket = Bucket::new(BucketConfig::from_env(product.stack().env()).unwrap());
    let key = product.store().media(&"demo".parse().unwrap(), &master.parse().unwrap()).await.unwrap().unwrap();
    let hour = SignedDuration::from_hours(1);
    let signed = bucket.signed_get(&key.original.key, hour, hour, product.test_clock.now()).await.unwrap().url;
    let thumbnail = image["thumbnailUrl"].as_str().unwrap();
    for (seed, url) in [&signed, thumbnail].into_iter().enumerate() {
        let prompt = format!("{PROMPT}, take {seed}");
        let scene = made(&product, json!({ "type": "composite", "prompt": prompt, "referenceImageUrl": url })).await;
        assert_eq!(scene["result"]["layers"][0]["reference"], master, "{url}");
        assert_eq!(scene["result"]["layers"][0]["position"], "in the center of the frame");
    }

    // One that only looks like ours, one of another project, and one of nobody's.
    let forged = url.replace("-a1-", "-a2-");
    for (project, url) in [("demo", forged.as_str()), ("elsewhere", url), ("demo", "http://127.0.0.1:9/a.png")] {
        if project == "elsewhere" {
            product.create_project(project, "elsewhere-key").await;
        }
        let key = if project == "demo" { "test-key" } else { "elsewhere-key" };
        let body = json!({ "type": "composite", "prompt": PROMPT, "referenceImageUrl": url });
        let request = product.http.post(format!("{}/api/generate", product.stack().url())).bearer_auth(key).json(&body);
        let (status, problem) = answer(request).await;
        let error = json!({
            "in": "body", "pointer": "/referenceImageUrl", "detail": "is no https address"
        });
        assert_eq!((status.as_u16(), &problem["errors"]), (400, &json!([error])), "{url}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_come_from_the_metadata_too() {
    let product = Product::start().await;
    let (master, other) = (master(&product).await, json!({ "subjectId": "other", "seed": 3 }));
    let other = product.post_master_with(other).await;
    let other = product.ended(&other).await;
    let metadata = json!({ "referenceIds": [master] });
    let body = json!({
        "type": "composite", "prompt": PROMPT, "metadata": metadata, "referenceImageUrl": other["result"]["webpUrl"]
    });
    let scene = made(&product, body).await;
    let shown: Vec<_> = scene["result"]["layers"].as_array().unwrap().iter().map(|layer| &layer["reference"]).collect();
    assert_eq!((shown, &scene["metadata"]), (vec![&json!(master), &other["result"]["mediaId"]], &metadata));

    // A job will do as its first image, here as the master of a profile.
    let metadata = json!({ "masterReferenceId": other["jobId"], "subjectId": "keeper" });
    let body = json!({ "type": "profile_360", "prompt": PROMPT, "metadata": metadata });
    let (status, problem) = post(&product, body).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/metadata/masterReferenceId")));
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("the subject other"), "{problem}");
    let body = json!({ "type": "profile_360", "prompt": PROMPT, "metadata": { "masterReferenceId": other["jobId"] } });
    let (status, job) = post(&product, body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_several_projects_says_which() {
    let product = Product::start().await;
    product.create_project("elsewhere", "elsewhere-key").await;
    let (project, user) = ("elsewhere".parse().unwrap(), "demo".parse().unwrap());
    let editor = Member { project, user, role: Role::Editor, since: product.test_clock.now() };
    assert_eq!(product.store().put_member(editor).await.unwrap(), MemberChange::Made);
    let (status, problem) = post(&product, json!({ "type": "master", "prompt": PROMPT })).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/projectId")), "{problem}");
    let job = made(&product, json!({ "type": "master", "prompt": PROMPT, "projectId": "elsewhere" })).await;
    assert_eq!(job["projectId"], "elsewhere");
    let (status, _) = post(&product, json!({ "type": "master", "prompt": PROMPT, "projectId": "nowhere" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let store = product.store();
    let (demo, other) = ("demo".parse().unwrap(), "elsewhere".parse().unwrap());
    let keeper = Member { project: demo, user: other, role: Role::Owner, since: product.test_clock.now() };
    assert_eq!(store.put_member(keeper).await.unwrap(), MemberChange::Made);
    for project in ["elsewhere", "demo"] {
        let left = store.remove_member(&project.parse().unwrap(), &"demo".parse().unwrap()).await.unwrap();
        assert_eq!(left, MemberChange::Made);
    }
    let (status, problem) = post(&product, json!({ "type": "master", "prompt": PROMPT })).await;
    let detail = "is missing, and you are a member of no project";
    assert_eq!((status.as_u16(), &problem["errors"][0]["detail"]), (400, &json!(detail)));
    let (project, user) = ("demo".parse().unwrap(), "demo".parse().unwrap());
    let back = Member { project, user, role: Role::Owner, since: product.test_clock.now() };
    assert_eq!(store.put_member(back).await.unwrap(), MemberChange::Made);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_in_the_words_of_the_request() {
    let product = Product::start().await;
    let many = vec!["img_01jd0000000000000000000000-0-0"; 11];
    for (fields, pointer) in [
        (json!({ "prompt": "too short" }), "/prompt"),
        (json!({ "prompt": "x".repeat(1001) }), "/prompt"),
        (json!({ "prompt": 7 }), "/prompt"),
        (json!({ "type": "portrait" }), "/type"),
        (json!({ "userId": "ada" }), "/userId"),
        (json!({ "metadata": "none" }), "/metadata"),
        (json!({ "metadata": { "notes": "x".repeat(16 * 1024) } }), "/metadata"),
        (json!({ "metadata": { "subjectId": 7 } }), "/metadata/subjectId"),
        (json!({ "metadata": { "subjectId": "a/b" } }), "/metadata/subjectId"),
        (json!({ "metadata": { "subjectType": "animal" } }), "/metadata/subjectType"),
        (json!({ "referenceImageUrl": "https://127.0.0.1/a.png" }), "/referenceImageUrl"),
        (json!({ "type": "profile_360" }), "/referenceImageUrl"),
        (json!({ "type": "profile_360", "referenceImageUrl": "keeper" }), "/referenceImageUrl"),
        (json!({ "type": "profile_360", "metadata": { "masterReferenceId": 7 } }), "/metadata/masterReferenceId"),
        (json!({ "type": "composite" }), "/metadata/referenceIds"),
        (json!({ "type": "composite", "metadata": { "referenceIds": "a" } }), "/metadata/referenceIds"),
        (json!({ "type": "composite", "metadata": { "referenceIds": [7] } }), "/metadata/referenceIds/0"),
        (json!({ "type": "composite", "metadata": { "referenceIds": ["a"] } }), "/metadata/referenceIds/0"),
        (json!({ "type": "composite", "metadata": { "referenceIds": many } }), "/metadata/referenceIds"),
    ] {
        let mut body = json!({ "type": "master", "prompt": PROMPT });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (status, problem) = post(&product, body).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{fields}: {problem}");
    }
    // What can only be seen when it is looked up, too.
    let unknown = json!({ "referenceIds": ["img_01jd0000000000000000000000-0-0"] });
    let (status, problem) = post(&product, json!({ "type": "composite", "prompt": PROMPT, "metadata": unknown })).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/metadata/referenceIds/0")));
    product.stack().settle().await;
    assert!(product.fal().ledger().is_empty());
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_job_here_too() {
    let product = Product::start().await;
    let keyed = |prompt: &str| {
        let body = json!({ "type": "master", "prompt": prompt });
        answer(product.request(Method::POST, "/api/generate").header("idempotency-key", "k").json(&body))
    };
    let first = keyed(PROMPT).await.1["jobId"].as_str().unwrap().to_owned();
    assert_eq!(keyed(PROMPT).await.1["jobId"], first.as_str(), "although its subject's name is made up");
    product.ended(&first).await;
    let (status, again) = keyed(PROMPT).await;
    assert_eq!((status, &again["status"]), (StatusCode::ACCEPTED, &json!("completed")));
    assert_eq!(keyed("another lighthouse keeper").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(product.fal().ledger().len(), 1);
    product.finish().await;
}
