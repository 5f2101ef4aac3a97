//! The 360° profile: every angle for itself, few at a time, and what becomes of it when angles fail.

use http::{Method, StatusCode};
use likeness_fal_emulator::{ErrorBody, Fault, FaultRule, GenerationFault, When};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

pub(super) const PATH: &str = "/api/v1/projects/demo/images/generate/profile360";

/// A finished master of the subject `keeper`, always the same picture: what is judged of its views hangs on it. Returns
/// the image's id.
pub(super) async fn master(product: &Product) -> String {
    let job = product.post_master_with(json!({ "seed": 5 })).await;
    product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned()
}

/// A request for the profile of `keeper`, with other fields set or changed.
fn request(product: &Product, master: &str, fields: &Value) -> RequestBuilder {
    let mut body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    product.request(Method::POST, PATH).json(&body)
}

async fn post(product: &Product, master: &str, fields: Value) -> String {
    let (status, body) = answer(request(product, master, &fields)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    body["jobId"].as_str().unwrap().to_owned()
}

fn angles(job: &Value) -> Vec<u64> {
    let images = job["result"]["images"].as_array().unwrap();
    images.iter().map(|image| image["angle"].as_u64().unwrap()).collect()
}

/// These angles fail for good.
pub(super) fn fail(product: &Product, angles: &[u16]) {
    for angle in angles {
        let (kind, body) = ("content_policy_violation".to_owned(), ErrorBody::DetailList);
        let fault = GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body };
        let prompt_contains = Some(format!("camera {angle}° around"));
        let rule = FaultRule::always(Fault::Generation(fault));
        product.fal().faults().add(rule.when(When { prompt_contains, ..When::default() }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_seen_from_twelve_sides() {
    let product = Product::start().await;
    let master = master(&product).await;
    let job = post(&product, &master, json!({})).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["type"]), (&json!("completed"), &json!("profile_360")), "{job}");
    assert_eq!(angles(&job), (0..12).map(|step| step * 30).collect::<Vec<_>>());
    assert_eq!((&job["result"]["masterReferenceUsed"], &job["result"]["warning"]), (&json!(master), &Value::Null));

    let sent: Vec<_> = product.fal().ledger().into_iter().filter(|sent| sent.endpoint.contains("kontext")).collect();
    assert_eq!(sent.len(), 12);
    let seed = product.get(&format!("/api/v1/projects/demo/images/{master}")).await["seed"].clone();
    for entry in &sent {
        // Locked to the master: its seed, its picture, by an address of our bucket that ends.
        assert_eq!((&entry.input["seed"], &entry.input["aspect_ratio"]), (&seed, &json!("1:1")));
        let url = entry.input["image_url"].as_str().unwrap();
        assert!(url.contains("/projects/demo/references/keeper/") && url.contains("X-Amz-Signature="), "{url}");
        assert!(entry.input["prompt"].as_str().unwrap().contains("maintain exact same face"), "{}", entry.input);
    }
    let back = sent.iter().find(|entry| entry.input["prompt"].as_str().unwrap().contains("camera 180°")).unwrap();
    assert!(back.input["prompt"].as_str().unwrap().contains("face not visible"));
    assert_eq!(job["cost"]["settled"], 0.48);
    assert!(job["cost"]["reserved"].as_f64().unwrap() >= 0.48);

    let collection = job["result"]["collectionId"].as_str().unwrap();
    let subject = product.get("/api/v1/projects/demo/subjects/keeper").await;
    assert_eq!((&subject["profiles"], &subject["masterReferences"]), (&json!([collection]), &json!([master])));
    let image = &job["result"]["images"][3];
    assert_eq!(
        (&image["imageType"], &image["subjectId"], &image["version"]),
        (&json!("profile-360"), &json!("keeper"), &json!(1))
    );
    let used = product.store().related_to(&"demo".parse().unwrap(), &master).await.unwrap();
    assert_eq!(used.iter().filter(|(relation, _)| relation == "USES_REFERENCE").count(), 12);
    let listed = product.get("/api/v1/projects/demo/images?subjectId=keeper&imageType=profile-360&limit=100").await;
    assert_eq!((&listed["total"], listed["images"].as_array().unwrap().len()), (&json!(12), 12));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn angles_can_be_chosen_and_so_can_the_model() {
    let product = Product::start().await;
    let master = master(&product).await;
    let fields = json!({ "angles": [37, 181], "model": "multiple-angles", "seed": 5, "resolution": "high" });
    let job = post(&product, &master, fields).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], angles(&job)), (&json!("completed"), vec![37, 181]));
    let sent = product.fal().ledger();
    let entry = sent.iter().find(|entry| entry.input["horizontal_angle"] == 37).unwrap();
    assert_eq!(entry.endpoint, "fal-ai/flux-2-lora-gallery/multiple-angles");
    assert_eq!((&entry.input["image_size"]["width"], &entry.input["seed"]), (&json!(2048), &json!(5)));
    assert!(entry.input["prompt"].is_null() && entry.input["zoom"] == 0, "{}", entry.input);
    assert_eq!(job["ignoredParameters"][0]["parameter"], "prompt");
    assert_eq!(job["result"]["images"][0]["width"], 2048);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_angles_of_a_job_are_at_fal_at_once_unless_the_limit_is_lifted() {
    for (batch, at_once) in [(None, 4), (Some("36"), 10)] {
        let product = Product::with(|options| {
            let batch = batch.map(|batch: &str| ("PROFILE_BATCH_SIZE".to_owned(), batch.to_owned()));
            options.environment.extend(batch);
        });
        let product = product.await;
        let master = master(&product).await;
        product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::NeverFinish)));
        let job = post(&product, &master, json!({})).await;
        product.stack().settle().await;
        let queues = product.get("/api/v1/queues").await;
        assert_eq!((&queues["inFlight"], &queues["queueSize"]), (&json!(at_once), &json!(12 - at_once)));
        // Others are not held up by what may not go yet.
        let other = product.post_master_with(json!({ "subjectId": "other" })).await;
        product.stack().settle().await;
        let expected = if at_once == 10 { "queued" } else { "processing" };
        assert_eq!(product.job(&other).await["status"], expected);
        product.fal().faults().clear();
        assert_eq!(product.ended(&job).await["status"], "completed");
        product.ended(&other).await;
        product.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_five_and_nine_failing_angles_end_as_partial_simplified_and_failed() {
    let product = Product::start().await;
    let master = master(&product).await;
    let run = async |failing: &[u16]| {
        product.fal().faults().clear();
        fail(&product, failing);
        let before = product.fal().ledger().len();
        let job = post(&product, &master, json!({ "seed": failing.len() })).await;
        let job = product.ended(&job).await;
        let sent: Vec<_> = product.fal().ledger().split_off(before);
        // What is charged is what was made, to the cent.
        let billed: f64 = sent.iter().map(|entry| entry.billable_units).sum();
        assert_eq!(job["cost"]["settled"].as_f64().unwrap(), (billed * 0.04 * 100.0).round() / 100.0, "{job}");
        (job, sent.len())
    };

    let (job, sent) = run(&[30, 60, 120]).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("content_refused")));
    assert_eq!((angles(&job).len(), sent), (9, 12));
    assert_eq!(job["result"]["warning"], "only 9/12 angles were generated");

    let (job, sent) = run(&[30, 60, 120, 150, 210]).await;
    assert_eq!(job["status"], "partial", "{job}");
    assert_eq!((angles(&job), sent), (vec![0, 45, 90, 135, 180, 225, 270, 315], 12 + 4));
    assert_eq!(job["result"]["warning"], "only 7/12 angles were generated; this is the 8-angle profile");
    assert!(job["result"]["collectionId"].is_string());

    let (job, sent) = run(&[0, 30, 60, 120, 150, 180, 210, 240, 300]).await;
    assert_eq!((&job["status"], sent), (&json!("failed"), 12 + 6), "{job}");
    // What was made is kept.
    assert_eq!(angles(&job), [45, 90, 135, 225, 270, 315, 330]);
    assert!(job["result"]["collectionId"].is_null());
    assert_eq!(product.get("/api/v1/projects/demo/images?imageType=profile-360").await["total"], 9 + 11 + 7);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_try_is_made_once_however_often_it_is_hinted_at() {
    let product = Product::start().await;
    product.stack().sqs().deliver_twice(true);
    let master = master(&product).await;
    fail(&product, &[30, 60, 120, 150, 210]);
    let job = post(&product, &master, json!({})).await;
    let ended = product.ended(&job).await;
    assert_eq!((&ended["status"], ended["shots"].as_array().unwrap().len()), (&json!("partial"), 16));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_profile_is_said() {
    let product = Product::start().await;
    let master = master(&product).await;
    let refused = async |request: RequestBuilder, status: u16, pointer: &str, detail: &str| {
        let (answered, body) = answer(request).await;
        assert_eq!(answered.as_u16(), status, "{body}");
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
        let said = body["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{said}");
    };
    let with = |fields: Value| request(&product, &master, &fields);
    refused(with(json!({ "angles": [0, 360] })), 400, "/angles/1", "0 to 359").await;
    refused(with(json!({ "angles": [0, 90, 0] })), 400, "/angles/2", "repeats").await;
    refused(with(json!({ "angles": [] })), 400, "/angles", "1 to 36").await;
    refused(with(json!({ "angles": (0..37).collect::<Vec<_>>() })), 400, "/angles", "1 to 36").await;
    refused(with(json!({ "angles": [-30] })), 400, "/angles/0", "whole number").await;
    refused(with(json!({ "angles": [0], "preset": "8" })), 400, "/preset", "angles").await;
    refused(with(json!({ "model": "flux-dev" })), 422, "/masterReferenceId", "takes 0").await;
    refused(with(json!({ "steps": 500, "model": "kontext-dev" })), 422, "/steps", "10 to 50").await;
    refused(with(json!({ "masterReferenceId": "$hero" })), 422, "/masterReferenceId", "no workflow").await;
    refused(with(json!({ "masterReferenceId": "keeper" })), 400, "/masterReferenceId", "an image id").await;
    refused(with(json!({ "masterReferenceId": "http://10.0.0.1/a.png" })), 400, "/masterReferenceId", "https").await;
    let unknown = format!("{}9", master.trim_end_matches('0'));
    refused(with(json!({ "masterReferenceId": unknown })), 422, "/masterReferenceId", "no image").await;

    // A master of another subject, and of another project.
    let other = product.post_master_with(json!({ "subjectId": "other" })).await;
    let other = product.ended(&other).await["result"]["mediaId"].as_str().unwrap().to_owned();
    refused(with(json!({ "masterReferenceId": other })), 422, "/masterReferenceId", "the subject other").await;
    product.create_project("elsewhere", "elsewhere-key").await;
    let path = PATH.replace("demo", "elsewhere");
    let stranger = product.http.post(format!("{}{path}", product.stack().url())).bearer_auth("elsewhere-key");
    let stranger = stranger.json(&json!({ "masterReferenceId": master, "subjectId": "keeper" }));
    refused(stranger, 422, "/masterReferenceId", "no image of this project").await;

    // One angle of a profile is no master.
    let job = post(&product, &master, json!({ "angles": [90] })).await;
    let angle = product.ended(&job).await["result"]["images"][0]["mediaId"].as_str().unwrap().to_owned();
    refused(with(json!({ "masterReferenceId": angle })), 422, "/masterReferenceId", "not a master").await;

    // One that is still being made.
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let slow = product.post_master_with(json!({ "seed": 99 })).await;
    product.stack().settle().await;
    refused(with(json!({ "masterReferenceId": slow })), 409, "/masterReferenceId", "still being made").await;
    let shot = product.job(&slow).await["shots"][0]["shotId"].as_str().unwrap().to_owned();
    let image = format!("img_{shot}-0");
    refused(with(json!({ "masterReferenceId": image })), 409, "/masterReferenceId", "still being made").await;
    product.ended(&slow).await;
    // The job's name will do once it is there.
    let job = post(&product, &slow, json!({ "angles": [0] })).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["result"]["masterReferenceUsed"]), (&json!("completed"), &json!(image)));
    product.finish().await;
}
