//! One image made anew: the next version of its lineage, in its place, and nothing else touched.

use http::{Method, StatusCode};
use likeness_fal_emulator::{ErrorBody, Fault, FaultRule, GenerationFault, When};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::profile::{PATH, master};
use crate::harness::{Product, answer};

const PROJECT: &str = "/api/v1/projects/demo";

/// A profile of eight angles that has ended.
async fn eight(product: &Product, master: &str) -> Value {
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "preset": "8" });
    let (status, job) = answer(product.request(Method::POST, PATH).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await
}

/// The path that makes the shot of this angle anew.
fn shot_of(job: &Value, angle: u64) -> String {
    let shots = job["shots"].as_array().unwrap();
    let shot = shots.iter().find(|shot| shot["angle"] == angle).unwrap();
    shot_path(job, shot)
}

fn shot_path(job: &Value, shot: &Value) -> String {
    format!("/api/v1/jobs/{}/shots/{}/regenerate", job["jobId"].as_str().unwrap(), shot["shotId"].as_str().unwrap())
}

fn image_path(image: &str) -> String {
    format!("{PROJECT}/images/{image}/regenerate")
}

async fn accepted(request: RequestBuilder) -> String {
    let (status, job) = answer(request).await;
    assert_eq!((status, &job["type"]), (StatusCode::ACCEPTED, &json!("regeneration")), "{job}");
    job["jobId"].as_str().unwrap().to_owned()
}

/// Makes it anew as it was, and returns the ended job.
async fn again(product: &Product, path: &str) -> Value {
    let job = accepted(product.request(Method::POST, path)).await;
    let job = product.ended(&job).await;
    assert_eq!(job["status"], "completed", "{job}");
    job
}

async fn versions(product: &Product, image: &Value) -> Vec<(Value, u64)> {
    let list = product.get(&format!("{PROJECT}/images/{}/versions", image.as_str().unwrap())).await;
    let images = list["images"].as_array().unwrap();
    images.iter().map(|image| (image["mediaId"].clone(), image["version"].as_u64().unwrap())).collect()
}

async fn collection(product: &Product, job: &Value) -> Value {
    product.get(&format!("{PROJECT}/collections/{}", job["result"]["collectionId"].as_str().unwrap())).await
}

/// What a collection shows from this angle.
fn view(collection: &Value, angle: u64) -> (Value, u64) {
    let images = collection["images"].as_array().unwrap();
    let image = images.iter().find(|image| image["angle"] == angle).unwrap();
    (image["mediaId"].clone(), image["version"].as_u64().unwrap())
}

/// This angle fails for good.
fn fail(product: &Product, angle: u16) {
    fail_times(product, angle, None);
}

/// This angle fails so many times.
fn fail_times(product: &Product, angle: u16, times: Option<u32>) {
    let (kind, body) = ("content_policy_violation".to_owned(), ErrorBody::DetailList);
    let fault = GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body };
    let prompt_contains = Some(format!("camera {angle}° around"));
    let rule = FaultRule { times, ..FaultRule::always(Fault::Generation(fault)) };
    product.fal().faults().add(rule.when(When { prompt_contains, ..When::default() }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_angle_of_a_profile_is_made_anew_and_the_others_stay() {
    let product = Product::start().await;
    let master = master(&product).await;
    let profile = eight(&product, &master).await;
    let before = collection(&product, &profile).await;
    let (old, first) = view(&before, 90);
    assert_eq!(first, 1);
    let paid = product.fal().ledger().len();

    product.pass(1);
    let job = again(&product, &shot_of(&profile, 90)).await;
    let new = &job["result"];
    assert_eq!((&new["version"], &new["parentId"], &new["angle"]), (&json!(2), &old, &json!(90)), "{new}");
    assert_eq!((&new["imageType"], &new["subjectId"]), (&json!("profile-360"), &json!("keeper")));
    let ledger = product.fal().ledger();
    assert_eq!(ledger.len(), paid + 1, "one more is paid for");
    let earlier = product.get(&format!("{PROJECT}/images/{}", old.as_str().unwrap())).await;
    let sent = &ledger[paid].input;
    assert_eq!((&sent["prompt"], &sent["seed"]), (&earlier["recipe"]["prompt"], &new["seed"]));
    assert_ne!(new["seed"], earlier["seed"], "the same seed would make the same picture");
    assert!(sent["image_url"].as_str().unwrap().contains("/projects/demo/references/keeper/"), "{sent}");
    assert_eq!(job["cost"], json!({ "reserved": 0.04, "settled": 0.04, "currency": "USD" }));

    let after = collection(&product, &profile).await;
    assert_eq!(view(&after, 90), (new["mediaId"].clone(), 2));
    for angle in [0, 45, 135, 180, 225, 270, 315] {
        assert_eq!(view(&after, angle), view(&before, angle), "{angle}");
    }
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert_ne!(after["updatedAt"], before["updatedAt"]);

    // A version of the new version, asked for by the image this time, and one of the first again.
    let third = again(&product, &image_path(new["mediaId"].as_str().unwrap())).await["result"].clone();
    let fourth = again(&product, &image_path(old.as_str().unwrap())).await["result"].clone();
    assert_eq!((&third["version"], &third["parentId"]), (&json!(3), &new["mediaId"]));
    assert_eq!((&fourth["version"], &fourth["parentId"]), (&json!(4), &old));
    let all: Vec<_> =
        [&earlier, new, &third, &fourth].map(|image| image["mediaId"].clone()).into_iter().zip(1..).collect();
    for (image, _) in &all {
        assert_eq!(versions(&product, image).await, all, "from {image}");
    }
    assert_eq!(view(&collection(&product, &profile).await, 90), (fourth["mediaId"].clone(), 4));
    // The shot's newest image is what the collection shows, whichever request made it.
    let fifth = again(&product, &shot_of(&profile, 90)).await["result"].clone();
    assert_eq!((&fifth["version"], &fifth["parentId"]), (&json!(5), &fourth["mediaId"]));
    // The profile's own result is what it was.
    assert_eq!(product.job(profile["jobId"].as_str().unwrap()).await["result"]["images"][2]["mediaId"], old);
    assert_eq!(product.get(&format!("{PROJECT}/images?imageType=profile-360")).await["total"], 12);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_angle_that_failed_is_filled_in() {
    let product = Product::start().await;
    let master = master(&product).await;
    fail(&product, 90);
    let profile = eight(&product, &master).await;
    assert_eq!(profile["status"], "partial", "{profile}");
    assert_eq!(collection(&product, &profile).await["images"].as_array().unwrap().len(), 7);

    // It may fail again, and that changes nothing.
    let failed = accepted(product.request(Method::POST, &shot_of(&profile, 90))).await;
    let failed = product.ended(&failed).await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("content_refused")));
    assert_eq!(collection(&product, &profile).await["images"].as_array().unwrap().len(), 7);

    product.fal().faults().clear();
    let paid = product.fal().ledger().len();
    let filled = again(&product, &shot_of(&profile, 90)).await["result"].clone();
    assert_eq!(product.fal().ledger().len(), paid + 1);
    assert_eq!((&filled["parentId"], &filled["angle"]), (&Value::Null, &json!(90)));
    let whole = collection(&product, &profile).await;
    let angles: Vec<_> = whole["images"].as_array().unwrap().iter().map(|image| image["angle"].clone()).collect();
    assert_eq!(angles, [0, 45, 90, 135, 180, 225, 270, 315]);
    assert_eq!(view(&whole, 90).0, filled["mediaId"]);

    // From then on it counts on, from the profile's shot and from that of the job which failed.
    let second = again(&product, &shot_of(&profile, 90)).await["result"].clone();
    assert_eq!(second["parentId"], filled["mediaId"]);
    let third = again(&product, &shot_path(&failed, &failed["shots"][0])).await["result"].clone();
    assert_eq!(third["parentId"], second["mediaId"]);
    let numbers: Vec<u64> = versions(&product, &third["mediaId"]).await.into_iter().map(|(_, number)| number).collect();
    let first = filled["version"].as_u64().unwrap();
    assert_eq!(numbers, [first, first + 1, first + 2]);
    assert_eq!(view(&collection(&product, &profile).await, 90), (third["mediaId"].clone(), first + 2));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_shots_of_one_angle_count_the_same_versions() {
    let product = Product::start().await;
    let master = master(&product).await;
    for angle in [30, 60, 120, 150] {
        fail(&product, angle);
    }
    // The second try of the profile brings this one.
    fail_times(&product, 90, Some(1));
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    let (_, job) = answer(product.request(Method::POST, PATH).json(&body)).await;
    let profile = product.ended(job["jobId"].as_str().unwrap()).await;
    let shots = profile["shots"].as_array().unwrap().iter().filter(|shot| shot["angle"] == 90);
    let statuses: Vec<_> = shots.clone().map(|shot| shot["status"].as_str().unwrap()).collect();
    assert_eq!((&profile["status"], statuses), (&json!("partial"), vec!["failed", "stored"]), "{profile}");
    let mut shown = view(&collection(&product, &profile).await, 90).0;
    for (shot, version) in shots.cycle().zip(2..6) {
        let made = again(&product, &shot_path(&profile, shot)).await["result"].clone();
        assert_eq!((&made["version"], &made["parentId"]), (&json!(version), &shown));
        shown = made["mediaId"].clone();
        assert_eq!(view(&collection(&product, &profile).await, 90), (shown.clone(), version));
    }
    let numbers = versions(&product, &shown).await.into_iter().map(|(_, version)| version);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_one_angle_at_once_are_two_versions_and_the_later_one_stays() {
    let product = Product::start().await;
    product.stack().sqs().deliver_twice(true);
    let master = master(&product).await;
    let profile = eight(&product, &master).await;
    let path = shot_of(&profile, 0);
    let posted = [(); 4].map(|()| accepted(product.request(Method::POST, &path)));
    let jobs = futures_util::future::join_all(posted).await;
    let mut made = Vec::new();
    for job in &jobs {
        let job = product.ended(job).await;
        made.push((job["result"]["mediaId"].clone(), job["result"]["version"].as_u64().unwrap()));
    }
    made.sort_by_key(|(_, version)| *version);
    assert_eq!(made.iter().map(|(_, version)| *version).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(view(&collection(&product, &profile).await, 0), made[3]);

    // The earlier of two comes in after the later one.
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let slow = accepted(product.request(Method::POST, &path)).await;
    product.stack().settle().await;
    let quick = again(&product, &path).await["result"].clone();
    let slow = product.ended(&slow).await["result"].clone();
    assert_eq!((&slow["version"], &quick["version"]), (&json!(6), &json!(7)));
    assert_eq!(view(&collection(&product, &profile).await, 0), (quick["mediaId"].clone(), 7));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_is_made_anew_with_another_seed_and_other_words() {
    let product = Product::start().await;
    let first = master(&product).await;
    let prompt = "the same lighthouse keeper at night, holding a lantern";
    let body = json!({ "seed": 4711, "prompt": format!(" {prompt} "), "negativePrompt": "hat", "steps": 20 });
    let request = product.request(Method::POST, &image_path(&first)).header("prefer", "wait=25").json(&body);
    let (status, job) = answer(request).await;
    assert_eq!((status, &job["version"], &job["parentId"]), (StatusCode::OK, &json!(2), &json!(first)), "{job}");
    let recipe = &job["recipe"];
    assert_eq!((&recipe["seed"], &recipe["prompt"], &recipe["steps"]), (&json!(4711), &json!(prompt), &json!(20)));
    assert_eq!((&recipe["template"], &recipe["guidance"]), (&json!("own"), &json!(8.0)));
    assert_eq!(job["ignoredParameters"][0]["parameter"], "negativePrompt");
    let sent = product.fal().ledger().pop().unwrap();
    assert_eq!((&sent.input["prompt"], &sent.input["seed"]), (&json!(prompt), &json!(4711)));
    assert_eq!((sent.endpoint.as_str(), &sent.input["num_inference_steps"]), ("fal-ai/flux/dev", &json!(20)));

    let second = job["mediaId"].as_str().unwrap().to_owned();
    let third = again(&product, &image_path(&second)).await["result"].clone();
    assert_eq!((&third["version"], &third["recipe"]["prompt"]), (&json!(3), &json!(prompt)));
    let subject = product.get(&format!("{PROJECT}/subjects/keeper")).await;
    assert_eq!(subject["masterReferences"].as_array().unwrap().len(), 3, "{subject}");
    let edges = product.get(&format!("{PROJECT}/relations/{second}")).await;
    let newer = json!({ "relation": "HAS_VERSION", "to": third["mediaId"] });
    assert_eq!(edges["outgoing"], json!([newer]));
    let older = json!({ "relation": "HAS_VERSION", "from": first });
    assert!(edges["incoming"].as_array().unwrap().contains(&older), "{edges}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_under_one_key_is_one_job() {
    let product = Product::start().await;
    let image = master(&product).await;
    let post = |image: &str, body: Value| {
        product.request(Method::POST, &image_path(image)).header("idempotency-key", "k-1").json(&body)
    };
    let first = accepted(post(&image, json!({}))).await;
    // No body is an empty one.
    let bare = product.request(Method::POST, &image_path(&image)).header("idempotency-key", "k-1");
    assert_eq!(accepted(bare).await, first);
    let (status, problem) = answer(post(&image, json!({ "seed": 1 }))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")));
    let made = product.ended(&first).await["result"]["mediaId"].as_str().unwrap().to_owned();
    assert_eq!(answer(post(&made, json!({}))).await.0, StatusCode::UNPROCESSABLE_ENTITY, "it is another image");
    assert_eq!(product.fal().ledger().len(), 2);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_not_made_anew() {
    let product = Product::start().await;
    let master = master(&product).await;
    let conflict = async |path: &str, what: &str| {
        let (status, problem) = answer(product.request(Method::POST, path)).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(what), "{problem}");
    };
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let slow = product.post_master_with(json!({ "subjectId": "other" })).await;
    let running = product.settled(&slow).await;
    conflict(&shot_path(&running, &running["shots"][0]), "the shot").await;
    product.ended(&slow).await;

    // A profile makes its collection at its end: an angle that is there before waits with the others.
    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 90] });
    let (_, job) = answer(product.request(Method::POST, PATH).json(&body)).await;
    let job = job["jobId"].as_str().unwrap().to_owned();
    let running = product.settled(&job).await;
    let shots = running["shots"].as_array().unwrap();
    let there = shots.iter().find(|shot| shot["status"] == "stored").unwrap();
    conflict(&shot_path(&running, there), "the profile").await;
    conflict(&image_path(there["mediaIds"][0].as_str().unwrap()), "the profile").await;
    let stuck = shots.iter().find(|shot| shot["status"] == "submitted").unwrap();
    conflict(&shot_path(&running, stuck), "the shot").await;
    product.ended(&job).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_and_strangers_learn_nothing() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let job = product.ended(&job).await;
    let image = job["result"]["mediaId"].as_str().unwrap().to_owned();
    let (by_shot, by_image) = (shot_path(&job, &job["shots"][0]), image_path(&image));
    for (body, status, pointer) in [
        (json!({ "prompt": "too short" }), 400, "/prompt"),
        (json!({ "prompt": "a naked lighthouse keeper" }), 400, "/prompt"),
        (json!({ "seed": -1 }), 400, "/seed"),
        (json!({ "negativePrompt": "" }), 400, "/negativePrompt"),
        (json!({ "model": "flux-pro" }), 400, "/model"),
        (json!([]), 400, ""),
        (json!({ "steps": 51 }), 422, "/steps"),
        (json!({ "guidance": 0.5 }), 422, "/guidance"),
    ] {
        for path in [&by_shot, &by_image] {
            let (answered, problem) = answer(product.request(Method::POST, path).json(&body)).await;
            let told = (answered.as_u16(), &problem["errors"][0]["pointer"]);
            assert_eq!(told, (status, &json!(pointer)), "{body}: {problem}");
        }
    }
    let text = product.request(Method::POST, &by_image).header("content-type", "text/plain").body("{}");
    assert_eq!(answer(text).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);

    let other_shot = by_shot.replace("-0/regenerate", "-1/regenerate");
    let versions = format!("{PROJECT}/images/{image}/versions");
    for path in [&other_shot, &by_shot.replace("-0/regenerate", "/regenerate"), &image_path("img_1")] {
        assert_eq!(answer(product.request(Method::POST, path)).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    product.create_project("rival", "rival-key").await;
    let elsewhere = by_image.replace("demo", "rival");
    for (method, path) in
        [(Method::POST, &by_shot), (Method::POST, &by_image), (Method::POST, &elsewhere), (Method::GET, &versions)]
    {
        let request = product.http.request(method, format!("{}{path}", product.stack().url()));
        assert_eq!(answer(request.bearer_auth("rival-key")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let reader = json!({ "name": "reader", "scopes": ["read"] });
    let (_, reader) = answer(product.request(Method::POST, "/api/v1/keys").json(&reader)).await;
    for path in [&by_shot, &by_image] {
        let request = product.http.post(format!("{}{path}", product.stack().url()));
        let (status, _) = answer(request.bearer_auth(reader["token"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(product.fal().ledger().len(), 1, "nothing of this was paid for");
    product.finish().await;
}
