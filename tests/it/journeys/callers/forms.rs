//! Requests as JavaScript, Python, Go and proxies write them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use futures_util::stream;
use http::StatusCode;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const MASTER: &str = "/api/v1/projects/demo/images/generate/master";

fn master() -> Value {
    json!({ "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper in a yellow raincoat" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_taken_in_every_form_in_which_clients_send_it() {
    let product = Product::start().await;
    let text = master().to_string();
    let gzip = {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let chunks = text.as_bytes().chunks(7).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let json = "application/json";
    let forms: Vec<(&str, Option<&str>, Body)> = vec![
        ("Application/Json; charset=utf-8", None, text.clone().into()),
        ("application/json;charset=\"UTF-8\"", None, text.clone().into()),
        ("application/vnd.likeness+json", None, text.clone().into()),
        (json, None, format!("\u{feff}{text}").into()),
        (json, Some("gzip"), gzip.clone().into()),
        (json, Some("identity"), text.clone().into()),
        (json, None, Body::wrap_stream(stream::iter(chunks))),
        (json, None, text.replace("lighthouse", "\\u006cighthouse").into()),
    ];
    let mut jobs = Vec::new();
    for (number, (kind, encoding, body)) in forms.into_iter().enumerate() {
        // All are the same document, so that the same key stands for one job.
        let request = product.request(Method::POST, MASTER).header("content-type", kind).body(body);
        let request = request.header("idempotency-key", "one");
        let request = encoding.iter().fold(request, |request, name| request.header("content-encoding", *name));
        let (status, job) = answer(request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{number}: {job}");
        jobs.push(job["jobId"].clone());
    }
    assert!(jobs.iter().all(|job| *job == jobs[0]), "{jobs:?}");

    for (kind, encoding, body, expected) in [
        ("text/plain", None, text.clone().into_bytes(), 415),
        ("application/json; charset=utf-16", None, text.clone().into_bytes(), 415),
        (json, Some("br"), text.clone().into_bytes(), 415),
        (json, Some("gzip"), text.clone().into_bytes(), 400),
        (json, None, gzip, 400),
    ] {
        let request = product.request(Method::POST, MASTER).header("content-type", kind).body(body);
        let request = encoding.iter().fold(request, |request, name| request.header("content-encoding", *name));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{kind} {encoding:?}");
        assert_eq!(response.headers().contains_key("accept-encoding"), encoding == Some("br"));
    }
    product.ended(jobs[0].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_numbers_may_have_a_point_and_null_is_left_out() {
    let product = Product::start().await;
    let mut body = master();
    let wanted = json!({ "variations": 2.0, "seed": 7.0, "steps": 2e1, "references": null, "style": null });
    body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
    let (status, job) = answer(product.request(Method::POST, MASTER).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = product.ended(job["jobId"].as_str().unwrap()).await;
    let shots: Vec<_> = job["shots"].as_array().unwrap().iter().map(|shot| shot["seed"].clone()).collect();
    assert_eq!((shots, &job["shots"][0]["attempts"][0]["steps"]), (vec![json!(7), json!(8)], &json!(20)));
    body["variations"] = json!(2.5);
    let (status, problem) = answer(product.request(Method::POST, MASTER).json(&body)).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/variations")), "{problem}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_an_object_once_and_errors_speak_of_its_fields() {
    let product = Product::start().await;
    let project = "/api/v1/projects/demo";
    let listed = [
        (Method::PUT, format!("{project}/members/ann"), json!(["editor"])),
        (Method::POST, "/api/v1/keys".to_owned(), json!(["k", ["read"], null, null])),
        (Method::POST, "/api/v1/projects".to_owned(), json!(["film", "Film", null])),
        (Method::PATCH, project.to_owned(), json!(["Film", null])),
        (Method::PUT, format!("{project}/subjects/lantern"), json!(["prop", "a brass lantern", {}])),
        (Method::PUT, format!("{project}/people/ada"), json!(["Ada", null, 30, null])),
        (Method::POST, format!("{project}/loras"), json!(["ada", null, 1000, null])),
        (Method::POST, format!("{project}/workflows"), json!([[]])),
        (Method::POST, format!("{project}/images/verify/uploads"), json!(["image/png", 100])),
        (Method::POST, format!("{project}/images/verify/consistency"), json!(["a", "b"])),
        (Method::POST, MASTER.to_owned(), json!(["character", "keeper", "a lighthouse keeper"])),
        (Method::POST, format!("{project}/images/generate/profile360"), json!(["a", "keeper"])),
        (Method::POST, format!("{project}/images/generate/composite"), json!(["a quay in the rain", {}])),
        (Method::POST, format!("{project}/images/generate/portrait"), json!(["ada", null, "a portrait"])),
        (Method::POST, "/api/generate".to_owned(), json!(["master", "a lighthouse keeper"])),
        (Method::POST, "/api/generate-image".to_owned(), json!(["a lighthouse keeper", 1])),
    ];
    for (method, path, body) in listed {
        let (status, problem) = answer(product.request(method, &path).json(&body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert_eq!(
            problem["errors"],
            json!([{ "in": "body", "pointer": "", "detail": "must be an object, not a list" }])
        );
    }
    for (fields, pointer) in [
        (json!({ "lighting": [null, "left"] }), "/lighting"),
        (json!({ "resolution": [640, 480] }), "/resolution"),
        (
            json!({ "references": { "characters": [{ "referenceId": "a", "position": [0.5, 0.5] }] } }),
            "/references/characters/0/position",
        ),
    ] {
        let mut body =
            json!({ "description": "a quay in the rain", "references": { "location": "https://example.com/a.png" } });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let path = format!("{project}/images/generate/composite");
        let (status, problem) = answer(product.request(Method::POST, &path).json(&body)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{problem}");
    }
    let twice = master().to_string().replacen('{', "{\"subjectId\":\"other\",", 1);
    let request = product.request(Method::POST, MASTER).header("content-type", "application/json").body(twice);
    let (status, problem) = answer(request).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/subjectId")), "{problem}");

    // Every fault at once, of every stage, and none in the words of a programming language.
    let body = json!({
        "subjectType": "animal", "description": "short", "variations": "two", "references": ["x", 7], "seed": -1,
        "steps": 100_000, "colour": "red", "style": ["a"],
    });
    let request = product.request(Method::POST, MASTER).json(&body).header("prefer", "wait=soon");
    let (status, problem) = answer(request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = problem["errors"].as_array().unwrap();
    let mut pointers: Vec<&str> = told.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/Prefer",
            "/colour",
            "/description",
            "/references/0",
            "/references/1",
            "/seed",
            "/style",
            "/subjectId",
            "/subjectType",
            "/variations"
        ],
        "{problem}"
    );
    for word in
        ["struct", "enum", "u16", "u64", "string", "sequence", "map", "variant", "expected", "Create", "invalid type"]
    {
        assert!(!told.iter().any(|error| error["detail"].as_str().unwrap().contains(word)), "{word}: {problem}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_for_the_model_is_told_with_the_rest() {
    let product = Product::start().await;
    let request = product.master(&json!({ "style": "", "steps": 100_000, "guidance": 99.0, "outputFormat": "gif" }));
    let (status, problem) = answer(request).await;
    let mut pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!((status.as_u16(), pointers), (400, vec!["/guidance", "/outputFormat", "/steps", "/style"]), "{problem}");
    let (status, problem) = answer(product.master(&json!({ "steps": 100_000, "guidance": 99.0 }))).await;
    assert_eq!((status.as_u16(), problem["errors"].as_array().unwrap().len()), (422, 2), "{problem}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_is_the_same_with_a_slash_at_its_end_and_in_percents() {
    let product = Product::start().await;
    let subject = json!({ "subjectType": "prop", "description": "a brass lantern, blue" });
    let put = product.request(Method::PUT, "/api/v1/projects/demo/subjects/lan%74ern/").json(&subject);
    assert_eq!(answer(put).await.0, StatusCode::OK);
    for path in
        ["/api/v1/projects/demo/subjects/lantern", "/api/v1/projects/d%65mo/subjects/lantern/", "/api/v1/projects/"]
    {
        product.get(path).await;
    }
    assert_eq!(product.get("/api/v1/projects/demo/subjects/?limit=1").await["subjects"][0]["id"], "lantern");
    for path in ["/", "/api/v1/projects/demo/subjects/lantern/x/", "/api/v1/projects/demo/subjects/%ff"] {
        assert_eq!(answer(product.request(Method::GET, path)).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    product.finish().await;
}
