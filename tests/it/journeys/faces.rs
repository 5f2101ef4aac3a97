//! The optional comparison of faces, by a server that speaks Rekognition's protocol.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::profile::master;
use crate::harness::{Product, answer};

/// What it was asked, and what it answers from now on.
#[derive(Clone)]
struct Rekognition {
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    answer: Arc<Mutex<(StatusCode, Value)>>,
}

impl Rekognition {
    /// A server that finds faces this alike, in percent; and a product that asks it.
    async fn start(similarity: f64) -> (Self, Product) {
        let rekognition = Self { asked: Arc::default(), answer: Arc::new(Mutex::new(alike(similarity))) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(compare_faces)).with_state(rekognition.clone());
        tokio::spawn(
            async move { axum::serve(listener, router.layer(axum::extract::DefaultBodyLimit::disable())).await },
        );
        let product = Product::with(|options| {
            let variables = [("FACE_CHECK", "rekognition"), ("AWS_ENDPOINT_URL_REKOGNITION", url.as_str())];
            options.environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        })
        .await;
        (rekognition, product)
    }

    fn answers(&self, status: StatusCode, body: Value) {
        *self.answer.lock().unwrap() = (status, body);
    }
}

fn alike(similarity: f64) -> (StatusCode, Value) {
    let matches = json!([{ "Similarity": similarity, "Face": { "Confidence": 99.9 } }]);
    (StatusCode::OK, json!({ "FaceMatches": matches, "UnmatchedFaces": [], "SourceImageFace": { "Confidence": 99.9 } }))
}

async fn compare_faces(State(rekognition): State<Rekognition>, headers: HeaderMap, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap();
    rekognition.asked.lock().unwrap().push((headers, body));
    let (status, answer) = rekognition.answer.lock().unwrap().clone();
    (status, [("content-type", "application/x-amz-json-1.1")], answer.to_string()).into_response()
}

/// The report of comparing an image with itself.
async fn with_itself(product: &Product, image: &str) -> Value {
    let path = "/api/v1/projects/demo/images/verify/consistency";
    let body = json!({ "newImageId": image, "referenceSetId": image });
    let (status, body) = answer(product.request(Method::POST, path).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let job = product.ended(body["jobId"].as_str().unwrap()).await;
    product.get(&format!("/api/v1/projects/demo/reports/{}", job["reportId"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_face_that_is_not_the_references_fails_what_else_matches() {
    let (rekognition, product) = Rekognition::start(97.0).await;
    let master = master(&product).await;
    let same = with_itself(&product, &master).await;
    assert_eq!((&same["passed"], &same["report"]["face"]["passed"]), (&json!(true), &json!(true)), "{same}");
    assert!((same["report"]["face"]["similarity"].as_f64().unwrap() - 0.97).abs() < 1e-6);
    let (headers, asked) = rekognition.asked.lock().unwrap()[0].clone();
    assert_eq!(headers["x-amz-target"], "RekognitionService.CompareFaces");
    assert!(headers["authorization"].to_str().unwrap().contains("/rekognition/aws4_request"));
    // Both are the picture: base64 of a PNG.
    let bytes = [&asked["SourceImage"]["Bytes"], &asked["TargetImage"]["Bytes"]];
    assert!(bytes[0] == bytes[1] && bytes[0].as_str().unwrap().starts_with("iVBORw0KGgo"));

    let (status, body) = alike(84.0);
    rekognition.answers(status, body);
    let other = with_itself(&product, &master).await;
    assert_eq!((&other["passed"], &other["report"]["face"]["passed"]), (&json!(false), &json!(false)), "{other}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_permission_or_a_face_it_is_left_out_and_nothing_fails() {
    let (rekognition, product) = Rekognition::start(97.0).await;
    let master = master(&product).await;
    let refusal = |kind: &str| (StatusCode::BAD_REQUEST, json!({ "__type": kind, "Message": "no" }));
    let nobody = (StatusCode::OK, json!({ "FaceMatches": [], "UnmatchedFaces": [] }));
    for ((status, body), reason) in [
        (refusal("AccessDeniedException"), "this function may not use Rekognition"),
        (refusal("InvalidParameterException"), "no face was found in the reference"),
        (nobody, "no face was found in the picture"),
    ] {
        rekognition.answers(status, body);
        let report = with_itself(&product, &master).await;
        let face = &report["report"]["face"];
        assert_eq!((&face["verdict"], &face["reason"]), (&json!("notJudged"), &json!(reason)), "{report}");
        assert_eq!(report["passed"], true);
    }
    product.finish().await;
}
