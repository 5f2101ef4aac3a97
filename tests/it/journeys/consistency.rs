//! Angles that do not match their master: found, made again while there is money for it, and reported.

use http::{Method, StatusCode};
use likeness_fal_emulator::{DrawingFault, Fault, FaultRule, WebhookFault, When};
use serde_json::{Value, json};

use super::profile::{PATH, master};
use crate::harness::{Product, answer};

/// The price of one angle.
const ANGLE: f64 = 0.04;

/// Spoils these angles, each so many times at most.
fn spoil(product: &Product, spoilt: &[(u16, DrawingFault)], times: Option<u32>) {
    for (angle, fault) in spoilt {
        let when = When { prompt_contains: Some(format!("camera {angle}° around")), ..When::default() };
        product.fal().faults().add(FaultRule { when, times, fault: Fault::Drawing(fault.clone()) });
    }
}

fn two_defects() -> [(u16, DrawingFault); 2] {
    [(60, DrawingFault::HueShift { degrees: 60.0 }), (180, DrawingFault::MirroredBack)]
}

async fn post(product: &Product, master: &str, fields: Value) -> String {
    let mut body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (status, body) = answer(product.request(Method::POST, PATH).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    body["jobId"].as_str().unwrap().to_owned()
}

/// How many images of a profile fal was asked for.
fn asked(product: &Product) -> usize {
    product.fal().ledger().iter().filter(|sent| sent.endpoint.contains("kontext")).count()
}

/// The tries of each angle that was made more than once.
fn made_again(job: &Value) -> Vec<(u64, usize)> {
    let attempts = job["result"]["consistency"]["attempts"].as_array().unwrap();
    let of = |angle: u64| attempts.iter().filter(|attempt| attempt["angle"] == angle).count();
    (0..12).map(|step| (step * 30, of(step * 30))).filter(|(_, tries)| *tries > 1).collect()
}

fn dollars(amount: &Value) -> f64 {
    amount.as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_angles_that_do_not_match_are_made_again() {
    let product = Product::start().await;
    let master = master(&product).await;
    spoil(&product, &two_defects(), Some(1));
    let job = post(&product, &master, json!({ "rerollBudget": 0.32 })).await;
    let job = product.ended(&job).await;
    assert_eq!(
        (&job["status"], &job["needsReview"]),
        (&json!("completed"), &Value::Null),
        "{}",
        job["result"]["consistency"]
    );
    assert_eq!((asked(&product), made_again(&job)), (14, vec![(60, 2), (180, 2)]));
    assert!((dollars(&job["cost"]["settled"]) - 14.0 * ANGLE).abs() < 1e-9, "{}", job["cost"]);
    // Twelve angles, the smaller profile, and the budget.
    assert!((dollars(&job["cost"]["reserved"]) - 20.0 * ANGLE - 0.32).abs() < 1e-9, "{}", job["cost"]);

    let consistency = &job["result"]["consistency"];
    assert_eq!((&consistency["passed"], &consistency["threshold"]), (&json!(true), &json!(0.7)));
    for check in ["overall", "color", "proportion", "feature", "style"] {
        assert!(dollars(&consistency[check]) >= 0.7, "{check}: {consistency}");
    }
    // The second try is shown, with another seed, and what was made first is kept.
    let images = job["result"]["images"].as_array().unwrap();
    assert_eq!(images.len(), 12);
    for angle in [60, 180] {
        let tries: Vec<&Value> =
            consistency["attempts"].as_array().unwrap().iter().filter(|attempt| attempt["angle"] == angle).collect();
        assert_eq!((&tries[0]["chosen"], &tries[1]["chosen"]), (&json!(false), &json!(true)));
        assert!(tries[0]["seed"] != tries[1]["seed"] && dollars(&tries[0]["score"]) < dollars(&tries[1]["score"]));
        let shown = images.iter().find(|image| image["angle"] == angle).unwrap();
        assert_eq!(shown["mediaId"], tries[1]["mediaId"]);
        product.get(&format!("/api/v1/projects/demo/images/{}", tries[0]["mediaId"].as_str().unwrap())).await;
    }
    let collection = job["result"]["collectionId"].as_str().unwrap();
    let collection = product.get(&format!("/api/v1/projects/demo/collections/{collection}")).await;
    let ids = |images: &Value| -> Vec<Value> {
        images.as_array().unwrap().iter().map(|image| image["mediaId"].clone()).collect()
    };
    assert_eq!(ids(&collection["images"]), ids(&job["result"]["images"]));

    let sheet = product.http.get(consistency["sheetUrl"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(sheet.headers()["content-type"], "image/svg+xml");
    let sheet = sheet.text().await.unwrap();
    assert!(sheet.starts_with("<svg") || sheet.starts_with("<?xml"), "{}", &sheet[..80]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_matches_costs_no_more_than_the_budget_and_is_for_people_to_look_at() {
    let product = Product::start().await;
    let master = master(&product).await;
    spoil(&product, &two_defects(), None);
    let before = asked(&product);
    // Money for three more images, of four that could be tried.
    let job = post(&product, &master, json!({ "rerollBudget": 0.12 })).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["needsReview"]), (&json!("partial"), &json!(true)));
    assert_eq!((&job["error"]["code"], &job["error"]["retryable"]), (&json!("inconsistent"), &json!(true)));
    assert!(job["error"]["detail"].as_str().unwrap().ends_with("60°, 180°"), "{}", job["error"]);
    assert_eq!(asked(&product) - before, 15);
    assert!((dollars(&job["cost"]["settled"]) - 15.0 * ANGLE).abs() < 1e-9, "{}", job["cost"]);
    assert!((dollars(&job["cost"]["reserved"]) - 20.0 * ANGLE - 0.12).abs() < 1e-9, "{}", job["cost"]);
    let again = made_again(&job);
    assert_eq!(again.iter().map(|(angle, _)| *angle).collect::<Vec<_>>(), [60, 180]);
    assert_eq!(again.iter().map(|(_, tries)| tries).sum::<usize>(), 5);
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 12);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_budget_nothing_is_made_again_and_the_doubt_is_told() {
    let product = Product::start().await;
    let master = master(&product).await;
    spoil(&product, &[(30, DrawingFault::HueShift { degrees: 90.0 })], None);
    let job = post(&product, &master, json!({})).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["needsReview"], asked(&product)), (&json!("completed"), &json!(true), 12));
    let issues = job["result"]["consistency"]["issues"].as_array().unwrap();
    assert!(!issues.is_empty() && issues.iter().all(|issue| issue["angle"] == 30), "{issues:?}");
    assert!(issues.iter().any(|issue| issue["check"] == "color"), "{issues:?}");
    // It does not answer the same request again.
    let again = post(&product, &master, json!({})).await;
    assert_ne!(json!(again), job["jobId"]);
    product.ended(&again).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pictures_give_the_same_report() {
    let product = Product::start().await;
    let master = master(&product).await;
    let job = post(&product, &master, json!({ "preset": "8" })).await;
    let job = product.ended(&job).await;
    let of = |report: &Value| {
        let mut report = report.clone();
        report["report"]["attempts"].take();
        report["report"].clone()
    };
    let verify = json!({ "newImageId": job["result"]["collectionId"], "referenceSetId": master });
    let mut reports = Vec::new();
    for _ in 0..2 {
        let path = "/api/v1/projects/demo/images/verify/consistency";
        let (status, body) = answer(product.request(Method::POST, path).json(&verify)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        let verified = product.ended(body["jobId"].as_str().unwrap()).await;
        let id = verified["reportId"].as_str().unwrap();
        reports.push(product.get(&format!("/api/v1/projects/demo/reports/{id}")).await);
    }
    assert_eq!(reports[0]["report"]["angles"].as_array().unwrap().len(), 8);
    assert_eq!(of(&reports[0]), of(&reports[1]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_measured_of_a_master_is_kept_and_said_in_later_prompts() {
    let product = Product::start().await;
    let master = master(&product).await;
    let image = product.get(&format!("/api/v1/projects/demo/images/{master}")).await;
    let (measured, specifications) = (&image["measured"], &image["specifications"]);
    let color = &measured["palette"][0];
    assert!(
        color["hex"].as_str().unwrap().starts_with('#') && !color["name"].as_str().unwrap().is_empty(),
        "{measured}"
    );
    assert_eq!(specifications["colorPalette"][0], color["hex"]);
    let coloring = specifications["coloring"].as_str().unwrap();
    let part = &measured["parts"][0];
    assert!(coloring.starts_with(&format!("{} {}", part["part"].as_str().unwrap(), part["name"].as_str().unwrap())));
    let job = post(&product, &master, json!({ "angles": [90] })).await;
    product.ended(&job).await;
    let sent = product.fal().ledger().pop().unwrap();
    assert!(sent.input["prompt"].as_str().unwrap().contains(&format!("coloring {coloring}")), "{}", sent.input);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_message_does_not_lose_a_comparison() {
    let product = Product::start().await;
    let master = master(&product).await;
    product.stack().deliver_only(Some(0));
    let path = "/api/v1/projects/demo/images/verify/consistency";
    let body = json!({ "newImageId": master, "referenceSetId": master });
    let (status, body) = answer(product.request(Method::POST, path).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let id = body["jobId"].as_str().unwrap();
    assert_eq!(product.settled(id).await["status"], "queued", "nobody was told");
    product.stack().deliver_only(None);
    let job = product.ended(id).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.0)), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_is_not_judged_as_a_person_and_nothing_is_paid_for_it() {
    let product = Product::start().await;
    let fields =
        json!({ "subjectType": "prop", "subjectId": "lantern", "description": "a brass lantern on a plain table" });
    let master = product.post_master_with(fields).await;
    let master = product.ended(&master).await["result"]["mediaId"].as_str().unwrap().to_owned();
    spoil(&product, &[(90, DrawingFault::HueShift { degrees: 90.0 })], None);
    let fields = json!({ "subjectId": "lantern", "angles": [0, 90], "rerollBudget": 0.4 });
    let job = post(&product, &master, fields).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["needsReview"], asked(&product)), (&json!("completed"), &Value::Null, 2), "{job}");
    assert!(job["result"]["consistency"].is_null() && job["reportId"].is_null());
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_can_be_taken_back_before_it_begins() {
    let product = Product::start().await;
    let master = master(&product).await;
    product.stack().deliver_only(Some(0));
    let path = "/api/v1/projects/demo/images/verify/consistency";
    let body = json!({ "newImageId": master, "referenceSetId": master });
    let (_, body) = answer(product.request(Method::POST, path).json(&body)).await;
    let id = body["jobId"].as_str().unwrap();
    let (status, canceled) = answer(product.request(Method::POST, &format!("/api/v1/jobs/{id}/cancel"))).await;
    assert!(status.is_success(), "{canceled}");
    product.stack().deliver_only(None);
    let job = product.ended(id).await;
    assert_eq!((&job["status"], &job["reportId"], &job["result"]), (&json!("canceled"), &Value::Null, &Value::Null));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_canceled_is_judged_and_not_made_again() {
    let product = Product::with(|options| {
        let twelve = |name: &str| (name.to_owned(), "12".to_owned());
        options.environment.extend([twelve("MAX_CONCURRENT_GENERATIONS"), twelve("PROFILE_BATCH_SIZE")]);
    })
    .await;
    let master = master(&product).await;
    spoil(&product, &two_defects(), None);
    // No callback comes: all twelve are at fal until the reconciler asks.
    product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
    let id = post(&product, &master, json!({ "rerollBudget": 0.32 })).await;
    product.settled(&id).await;
    assert_eq!(asked(&product), 12);
    let (status, canceled) = answer(product.request(Method::POST, &format!("/api/v1/jobs/{id}/cancel"))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{canceled}");
    let job = product.ended(&id).await;
    assert_eq!((&job["status"], &job["needsReview"], asked(&product)), (&json!("partial"), &json!(true), 12), "{job}");
    assert_eq!(job["error"]["code"], "inconsistent");
    product.finish().await;
}
