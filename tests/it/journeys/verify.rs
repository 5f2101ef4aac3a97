//! Comparing pictures that are there: on demand, by id or uploaded for it, and the reports that are kept.

use std::collections::HashSet;

use futures_util::future::join_all;
use http::StatusCode;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::profile::{PATH as PROFILE, master};
use crate::harness::{Product, answer};

const VERIFY: &str = "/api/v1/projects/demo/images/verify/consistency";
const UPLOADS: &str = "/api/v1/projects/demo/images/verify/uploads";
const REPORTS: &str = "/api/v1/projects/demo/reports";

/// A finished master of another character; returns the image's id.
async fn wizard(product: &Product) -> String {
    let description = "a bearded wizard in a purple coat and a pointed hat";
    let fields = json!({ "subjectId": "wizard", "description": description, "seed": 5 });
    let job = product.post_master_with(fields).await;
    product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned()
}

fn request(product: &Product, body: &Value) -> RequestBuilder {
    product.request(Method::POST, &format!("{VERIFY}?wait")).json(body)
}

/// The answer of a comparison that was waited for.
pub(super) async fn verified(product: &Product, body: Value) -> Value {
    let (status, answer) = answer(request(product, &body)).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

/// The place of the first error, and its status.
async fn refused(request: RequestBuilder) -> (u16, Value) {
    let (status, problem) = answer(request).await;
    (status.as_u16(), problem["errors"][0]["pointer"].clone())
}

/// Announces an upload and puts `picture` there; returns its id.
pub(super) async fn upload(product: &Product, content_type: &str, picture: Vec<u8>) -> String {
    let body = json!({ "contentType": content_type, "bytes": picture.len() });
    let (status, announced) = answer(product.request(Method::POST, UPLOADS).json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{announced}");
    let upload = &announced["upload"];
    let method: Method = upload["method"].as_str().unwrap().parse().unwrap();
    let mut put = product.http.request(method, upload["url"].as_str().unwrap()).body(picture);
    for (name, value) in upload["headers"].as_object().unwrap() {
        put = put.header(name, value.as_str().unwrap());
    }
    assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
    announced["uploadId"].as_str().unwrap().to_owned()
}

async fn picture(product: &Product, image: &str) -> Vec<u8> {
    let image = product.get(&format!("/api/v1/projects/demo/images/{image}")).await;
    let picture = product.http.get(image["url"].as_str().unwrap()).send().await.unwrap();
    picture.bytes().await.unwrap().to_vec()
}

fn types(answer: &Value) -> Vec<&str> {
    answer["checks"].as_array().unwrap().iter().map(|check| check["type"].as_str().unwrap()).collect()
}

fn overall(answer: &Value) -> f64 {
    answer["overallConsistency"].as_f64().unwrap_or_else(|| panic!("not judged: {answer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_matches_itself_and_no_other_character() {
    let product = Product::start().await;
    let (keeper, wizard) = (master(&product).await, wizard(&product).await);
    let made = product.fal().ledger().len();
    let same = verified(&product, json!({ "newImageId": keeper, "referenceSetId": keeper })).await;
    assert!((overall(&same) - 1.0).abs() < 1e-6, "{same}");
    assert_eq!((&same["passed"], &same["recommendations"]), (&json!(true), &json!([])));
    assert_eq!(types(&same)[..4], ["color", "proportion", "features", "style"]);
    assert_eq!(
        (&same["type"], &same["status"], &same["progress"]),
        (&json!("verification"), &json!("completed"), &json!(100))
    );
    assert_eq!((&same["cost"]["reserved"], &same["cost"]["settled"]), (&json!(0.0), &json!(0.0)));
    assert_eq!(
        (&same["checkType"], &same["threshold"], &same["subjectId"]),
        (&json!("all"), &json!(0.7), &json!("keeper"))
    );
    assert_eq!((&same["imageIds"], &same["referenceSetId"]), (&json!([keeper]), &json!(keeper)));
    assert!(same["needsReview"].is_null(), "{same}");

    let other = verified(&product, json!({ "newImageId": wizard, "referenceSetId": keeper })).await;
    assert!(overall(&other) < 0.7, "{other}");
    assert_eq!((&other["passed"], &other["needsReview"]), (&json!(false), &json!(true)));
    assert!(!other["recommendations"].as_array().unwrap().is_empty());
    let failed = other["checks"].as_array().unwrap().iter().find(|check| check["passed"] == false).unwrap();
    let issue = &failed["issues"][0];
    for field in ["severity", "type", "description", "suggestion"] {
        assert!(issue[field].is_string(), "{field}: {failed}");
    }
    assert_eq!(issue["type"], failed["type"]);

    // Only what is asked for counts, from where it is asked for.
    let fields = json!({ "newImageId": wizard, "referenceSetId": keeper, "checkType": "color", "threshold": 0 });
    let color = verified(&product, fields).await;
    assert_eq!((types(&color), &color["passed"], &color["threshold"]), (vec!["color"], &json!(true), &json!(0.0)));
    assert_eq!(product.fal().ledger().len(), made, "nothing is generated");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_kept_listed_and_nobody_elses() {
    let product = Product::start().await;
    let (keeper, wizard) = (master(&product).await, wizard(&product).await);
    let mut ids = Vec::new();
    for (new, reference) in [(&keeper, &keeper), (&wizard, &keeper), (&wizard, &wizard)] {
        let job = verified(&product, json!({ "newImageId": new, "referenceSetId": reference })).await;
        ids.push(job["reportId"].clone());
        product.pass(1);
    }
    let listed = |page: &Value| -> Vec<Value> {
        page["reports"].as_array().unwrap().iter().map(|report| report["reportId"].clone()).collect()
    };
    let first = product.get(&format!("{REPORTS}?limit=2")).await;
    assert_eq!((listed(&first), &first["hasMore"]), (vec![ids[2].clone(), ids[1].clone()], &json!(true)));
    assert!(first["reports"][0]["report"].is_null(), "a list holds no contents");
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(listed(&product.get(&format!("{REPORTS}?limit=2&cursor={cursor}")).await), [ids[0].clone()]);
    // About whom the examined image shows.
    assert_eq!(listed(&product.get(&format!("{REPORTS}?subjectId=keeper")).await), [ids[0].clone()]);
    let wrong = product.request(Method::GET, &format!("{REPORTS}?subjectId=a%23b"));
    assert_eq!(refused(wrong).await, (400, json!("/subjectId")));

    let path = format!("{REPORTS}/{}", ids[1].as_str().unwrap());
    let report = product.get(&path).await;
    assert_eq!((&report["report"]["kind"], &report["passed"]), (&json!("pair"), &json!(false)), "{report}");
    assert_eq!(report["overallConsistency"], first["reports"][1]["overallConsistency"]);
    let job = product.job(report["jobId"].as_str().unwrap()).await;
    assert_eq!((&job["reportId"], &job["result"]["checks"]), (&report["reportId"], &report["checks"]));

    product.create_project("rival", "rival-key").await;
    for path in [&path, &path.replace("demo", "rival"), &format!("{REPORTS}/rep_x")] {
        let url = format!("{}{path}", product.stack().url());
        assert_eq!(answer(product.http.get(url).bearer_auth("rival-key")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_can_be_uploaded_to_be_compared() {
    let product = Product::start().await;
    let keeper = master(&product).await;
    let images = product.get("/api/v1/projects/demo/images").await["total"].clone();
    let upload = upload(&product, "image/png", picture(&product, &keeper).await).await;
    let same = verified(&product, json!({ "newImageId": upload, "referenceSetId": keeper })).await;
    assert!((overall(&same) - 1.0).abs() < 1e-6, "{same}");
    assert_eq!((&same["passed"], &same["imageIds"]), (&json!(true), &json!([])));
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], images, "it is no image of the project");

    // It is there for its own project only, and as what is examined only.
    product.create_project("rival", "rival-key").await;
    let rivals = product.http.post(format!("{}{}", product.stack().url(), VERIFY.replace("demo", "rival")));
    let body = json!({ "newImageId": upload, "referenceSetId": keeper });
    assert_eq!(refused(rivals.bearer_auth("rival-key").json(&body)).await, (422, json!("/newImageId")));
    let body = json!({ "newImageId": keeper, "referenceSetId": upload });
    assert_eq!(refused(request(&product, &body)).await, (400, json!("/referenceSetId")));
    let nothing = json!({ "newImageId": format!("upl_{}", "0".repeat(32)), "referenceSetId": keeper });
    assert_eq!(refused(request(&product, &nothing)).await, (422, json!("/newImageId")));

    // What is no picture is refused.
    let text = self::upload(&product, "image/png", b"no picture at all".to_vec()).await;
    let body = json!({ "newImageId": text, "referenceSetId": keeper });
    assert_eq!(refused(request(&product, &body)).await, (422, json!("/newImageId")));

    for (fields, pointer) in [
        (json!({ "contentType": "image/gif" }), "/contentType"),
        (json!({ "bytes": 0 }), "/bytes"),
        (json!({ "bytes": 10 * 1024 * 1024 + 1 }), "/bytes"),
        (json!({ "fileName": "a.png" }), "/fileName"),
    ] {
        let mut body = json!({ "contentType": "image/png", "bytes": 1000 });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request = product.request(Method::POST, UPLOADS).json(&body);
        assert_eq!(refused(request).await, (400, json!(pointer)), "{fields}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_compared_as_a_whole_and_a_picture_with_its_set() {
    let product = Product::start().await;
    let master = master(&product).await;
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 90] });
    let (_, job) = answer(product.request(Method::POST, PROFILE).json(&body)).await;
    let profile = product.ended(job["jobId"].as_str().unwrap()).await;
    let collection = &profile["result"]["collectionId"];
    let set = verified(&product, json!({ "newImageId": collection, "referenceSetId": master })).await;
    assert_eq!((&set["report"]["kind"], &set["subjectId"]), (&json!("set"), &json!("keeper")), "{set}");
    let angles: Vec<_> = set["report"]["angles"].as_array().unwrap().iter().map(|view| &view["angle"]).collect();
    assert_eq!(angles, [0, 90]);
    assert_eq!(set["imageIds"].as_array().unwrap().len(), 2);

    let side = &profile["result"]["images"][1]["mediaId"];
    let view = verified(&product, json!({ "newImageId": side, "referenceSetId": collection })).await;
    assert_eq!((&view["report"]["kind"], &view["imageIds"]), (&json!("pair"), &json!([side])), "{view}");
    // A job stands for its first image.
    let by_job = verified(&product, json!({ "newImageId": job["jobId"], "referenceSetId": master })).await;
    assert_eq!(by_job["imageIds"], json!([profile["result"]["images"][0]["mediaId"]]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_comparison_and_waiting_is_a_choice() {
    let product = Product::start().await;
    let keeper = master(&product).await;
    let body = json!({ "newImageId": keeper, "referenceSetId": keeper });
    let post =
        |body: &Value| answer(product.request(Method::POST, VERIFY).header("idempotency-key", "check-1").json(body));
    let answers = join_all((0..4).map(|_| post(&body))).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::ACCEPTED), "{answers:?}");
    let jobs: HashSet<String> = answers.iter().map(|(_, job)| job["jobId"].to_string()).collect();
    assert_eq!(jobs.len(), 1, "{answers:?}");
    let other = json!({ "newImageId": keeper, "referenceSetId": keeper, "threshold": 0.9 });
    assert_eq!(post(&other).await.1["code"], "idempotency_key_reused");
    let job = product.ended(answers[0].1["jobId"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["result"]["passed"]), (&json!("completed"), &json!(true)), "{job}");

    let preferred = product.request(Method::POST, VERIFY).header("prefer", "wait=25").json(&body);
    let (status, again) = answer(preferred).await;
    assert_eq!((status, &again["passed"]), (StatusCode::OK, &json!(true)));
    assert_ne!(again["jobId"], job["jobId"], "it costs nothing to look again");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_is_pointed_at_and_nothing_is_compared() {
    let product = Product::start().await;
    let keeper = master(&product).await;
    product.create_project("rival", "rival-key").await;
    let strange = "img_01jd0000000000000000000000-0-0";
    for (fields, status, pointer) in [
        (json!({ "newImageId": "keeper" }), 400, "/newImageId"),
        (json!({ "newImageId": "https://example.com/a.png" }), 400, "/newImageId"),
        (json!({ "newImageId": "upl_../../x" }), 400, "/newImageId"),
        (json!({ "newImageId": null }), 400, "/newImageId"),
        (json!({ "referenceSetId": "$hero" }), 400, "/referenceSetId"),
        (json!({ "checkType": "colour" }), 400, "/checkType"),
        (json!({ "threshold": 1.01 }), 400, "/threshold"),
        (json!({ "threshold": -0.1 }), 400, "/threshold"),
        (json!({ "threshold": 1e-300 }), 400, "/threshold"),
        (json!({ "treshold": 0.5 }), 400, "/treshold"),
        (json!({ "newImageId": strange }), 422, "/newImageId"),
        (json!({ "newImageId": "job_01jd0000000000000000000000" }), 422, "/newImageId"),
        (json!({ "newImageId": "col_01jd0000000000000000000000" }), 422, "/newImageId"),
        (json!({ "referenceSetId": strange }), 422, "/referenceSetId"),
        (json!({ "referenceSetId": "col_01jd0000000000000000000000" }), 422, "/referenceSetId"),
    ] {
        let mut body = json!({ "newImageId": keeper, "referenceSetId": keeper });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert_eq!(refused(request(&product, &body)).await, (status, json!(pointer)), "{fields}");
    }
    let body = json!({ "newImageId": keeper, "referenceSetId": keeper });
    let soon = product.request(Method::POST, &format!("{VERIFY}?wait=soon")).json(&body);
    assert_eq!(refused(soon).await, (400, json!("/wait")));

    // Another project's image is none.
    let url = format!("{}{}", product.stack().url(), VERIFY.replace("demo", "rival"));
    let rivals = product.http.post(url).bearer_auth("rival-key").json(&body);
    assert_eq!(refused(rivals).await, (422, json!("/newImageId")));
    // A key that may only generate leaves no reports behind.
    let key = json!({ "name": "worker", "scopes": ["generate", "read"] });
    let (_, key) = answer(product.request(Method::POST, "/api/v1/keys").json(&key)).await;
    let url = format!("{}{VERIFY}", product.stack().url());
    let worker = product.http.post(url).bearer_auth(key["token"].as_str().unwrap()).json(&body);
    assert_eq!(answer(worker).await.0, StatusCode::FORBIDDEN);
    product.stack().settle().await;
    assert_eq!(product.get(REPORTS).await["reports"], json!([]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_has_a_budget_that_a_request_can_change() {
    let product = Product::start().await;
    let master = master(&product).await;
    let project = "/api/v1/projects/demo";
    let patch = |body: Value| answer(product.request(Method::PATCH, project).json(&body));
    let (status, changed) = patch(json!({ "rerollBudget": 0.2 })).await;
    assert_eq!((status, &changed["rerollBudget"], &changed["name"]), (StatusCode::OK, &json!(0.2), &json!("demo")));

    let reserved = async |fields: Value| {
        let mut body = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 90] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let post = product.request(Method::POST, PROFILE).header("cache-control", "no-cache");
        let (status, job) = answer(post.json(&body)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        product.ended(job["jobId"].as_str().unwrap()).await;
        job["cost"]["reserved"].as_f64().unwrap()
    };
    let cents = |dollars: f64| (dollars * 100.0).round();
    // Two images at 4 cents, and what may be spent on making them again.
    assert_eq!(cents(reserved(json!({})).await), 28.0);
    assert_eq!(cents(reserved(json!({ "rerollBudget": 0.12 })).await), 20.0);
    assert_eq!(cents(reserved(json!({ "rerollBudget": 0 })).await), 8.0);

    let (_, renamed) = patch(json!({ "name": "The lighthouse" })).await;
    assert_eq!((&renamed["name"], &renamed["rerollBudget"]), (&json!("The lighthouse"), &json!(0.2)));
    let (_, cleared) = patch(json!({ "rerollBudget": null })).await;
    assert_eq!((&cleared["name"], &cleared["rerollBudget"]), (&json!("The lighthouse"), &Value::Null));
    assert_eq!(patch(json!({})).await.1, cleared);
    assert_eq!(product.get(project).await, cleared);
    assert_eq!(cents(reserved(json!({})).await), 8.0);

    let body = json!({ "id": "funded", "name": "Funded", "rerollBudget": 1.5 });
    let (status, _) = answer(product.request(Method::POST, "/api/v1/projects").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED);
    let listed = product.get("/api/v1/projects").await;
    let budgets: Vec<_> = listed["projects"].as_array().unwrap().iter().map(|one| &one["rerollBudget"]).collect();
    assert_eq!(budgets, [&json!(1.5), &Value::Null]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_an_amount_and_the_owners_matter() {
    let product = Product::start().await;
    let project = "/api/v1/projects/demo";
    for budget in [json!(-0.01), json!(1000.01), json!(0.000_000_1), json!("1")] {
        let profile = json!({ "masterReferenceId": "img_01jd0000000000000000000000-0-0", "subjectId": "keeper", "rerollBudget": budget });
        let step = json!({ "steps": [{ "id": "turn", "type": "profile_360", "input": profile }] });
        let metadata = json!({ "masterReferenceId": profile["masterReferenceId"], "rerollBudget": budget });
        let generate = json!({ "type": "profile_360", "prompt": "a lighthouse keeper", "projectId": "demo", "metadata": metadata });
        for (method, path, body, pointer) in [
            (Method::PATCH, project, json!({ "rerollBudget": budget }), "/rerollBudget"),
            (Method::POST, "/api/v1/projects", json!({ "name": "x", "rerollBudget": budget }), "/rerollBudget"),
            (Method::POST, PROFILE, profile, "/rerollBudget"),
            (Method::POST, "/api/v1/projects/demo/workflows", step, "/steps/0/input/rerollBudget"),
            (Method::POST, "/api/generate", generate, "/metadata/rerollBudget"),
        ] {
            let request = product.request(method, path).json(&body);
            assert_eq!(refused(request).await, (400, json!(pointer)), "{path} {budget}");
        }
    }
    let blank = product.request(Method::PATCH, project).json(&json!({ "name": " " }));
    assert_eq!(refused(blank).await, (400, json!("/name")));

    product.create_project("rival", "rival-key").await;
    let as_rival = || {
        let url = format!("{}{project}", product.stack().url());
        product.http.patch(url).bearer_auth("rival-key").json(&json!({ "name": "Mine" }))
    };
    assert_eq!(answer(as_rival()).await.0, StatusCode::NOT_FOUND);
    let member = product.request(Method::PUT, &format!("{project}/members/rival")).json(&json!({ "role": "editor" }));
    assert_eq!(answer(member).await.0, StatusCode::OK);
    assert_eq!(answer(as_rival()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(product.get(project).await["name"], "demo");
    product.finish().await;
}
