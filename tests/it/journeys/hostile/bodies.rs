//! Bodies and headers without end.

use std::time::Duration;

use futures_util::stream;
use reqwest::{Body, Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{KEY, Product, answer};

const POSTS: [&str; 5] = [
    "/api/v1/projects/demo/images/generate/master",
    "/api/v1/projects/demo/images/verify/consistency",
    "/api/v1/projects/demo/workflows",
    "/api/v1/keys",
    "/api/generate",
];

/// What the server answers to these bytes before it closes or falls silent.
async fn raw(product: &Product, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(product.stack().url().trim_start_matches("http://")).await.unwrap();
    // The server may answer, and close, before it has read all of it.
    let _refused_early = connection.write_all(bytes).await;
    let mut answer = vec![0; 64 * 1024];
    let read = timeout(Duration::from_secs(20), connection.read(&mut answer)).await.unwrap().unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

async fn assert_alive(product: &Product) {
    let health = product.http.get(format!("{}/healthz", product.stack().url())).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn depth_and_length_have_an_end() {
    let product = Product::start().await;
    let nested = |open: &str, inner: &str, close: &str| open.repeat(10_000) + inner + &close.repeat(10_000);
    let within = |inner: &str| {
        format!("{{\"type\":\"master\",\"prompt\":\"a lighthouse keeper\",\"metadata\":{{\"a\":{inner}}}}}")
    };
    let deep = [nested("[", "", "]"), nested("{\"a\":", "1", "}"), "[".repeat(200_000)];
    for path in POSTS {
        for body in deep.iter().cloned().chain(deep.iter().map(|deep| within(deep))) {
            let request = product.request(Method::POST, path).header("content-type", "application/json").body(body);
            let (status, problem) = answer(request).await;
            assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("invalid_request")), "{path}: {problem}");
        }
        // 10 MB, announced and not.
        let ten = vec![b'['; 10 << 20];
        let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
            ten.chunks(1 << 16).map(|chunk| Ok(chunk.to_vec())).collect();
        for body in [Body::from(ten), Body::wrap_stream(stream::iter(chunks))] {
            let request = product.request(Method::POST, path).header("content-type", "application/json").body(body);
            match request.send().await {
                Ok(response) => assert_eq!(response.status(), 413, "{path}"),
                // It was answered and closed while we were still writing.
                Err(error) => assert!(!error.is_connect() && !error.is_timeout(), "{path}: {error}"),
            }
        }
        assert_alive(&product).await;
    }
    let callback = vec![b'['; 10 << 20];
    let url = format!("{}/api/webhooks/fal", product.stack().url());
    match product.http.post(url).body(callback).send().await {
        Ok(response) => assert_eq!(response.status(), 413),
        Err(error) => assert!(!error.is_connect() && !error.is_timeout(), "{error}"),
    }
    assert_alive(&product).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_json_can_hold_is_kept_or_refused() {
    let product = Product::start().await;
    for (body, pointer) in [
        (r#"{"subjectType":"character","subjectId":"a","description":"a lighthouse keeper","guidance":1e400}"#, ""),
        (r#"{"subjectType":"character","subjectId":"a","description":"a \ud800 keeper of a light"}"#, ""),
        (r#"{"subjectType":"character","subjectId":"a","description":"a keeper of a light","seed":1.5e0}"#, "/seed"),
        (
            "{\"description\":\"\u{feff}a lighthouse keeper\",\"subjectType\":\"character\",\"subjectId\":\"a\"}",
            "/description",
        ),
    ] {
        let request = product.request(Method::POST, POSTS[0]).header("content-type", "application/json").body(body);
        let (status, problem) = answer(request).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {problem}");
    }
    // As deep as JSON is read, with every character that a key or an expression of the table is made of.
    let deep = (0..100).fold(json!(1.0), |inner, level| json!({ format!("#{level}:a.b[0]"): inner }));
    let metadata = json!({
        "deep": deep, "": null, "#partition": ":value", "SET a = :b REMOVE c": "PROJECT#demo", "$ref": "{{7*7}}", "pk": "x",
    });
    let body = json!({ "type": "master", "prompt": "a lighthouse keeper # :pk 'x' \"y\"", "metadata": metadata });
    let (status, accepted) = answer(product.request(Method::POST, "/api/generate").json(&body)).await;
    assert_eq!(status.as_u16(), 202, "{accepted}");
    let job = product.ended(accepted["jobId"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["metadata"]), (&json!("completed"), &metadata), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_headers_is_refused_and_an_odd_one_does_no_harm() {
    let product = Product::start().await;
    let with = |headers: &str| format!("GET /api/v1/projects HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{headers}\r\n");
    let many: String = (0..5_000).map(|number| format!("x-{number}: {number}\r\n")).collect();
    let long = format!("x-a: {}\r\n", "a".repeat(2 << 20));
    for flood in [many, long] {
        assert!(raw(&product, with(&flood).as_bytes()).await.starts_with("HTTP/1.1 431"), "{flood:.40}");
        assert_alive(&product).await;
    }
    // One that never ends its headers holds up no other.
    let mut slow = TcpStream::connect(product.stack().url().trim_start_matches("http://")).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ").await.unwrap();
    assert_alive(&product).await;
    // The server waits for it when it stops.
    drop(slow);

    let long = "a".repeat(8_000);
    let odd =
        |name: &'static str, value: &str| product.master(&json!({ "subjectId": "odd" })).header(name, value.to_owned());
    let echoed = odd("x-request-id", &long).send().await.unwrap();
    assert_eq!(echoed.status(), 202);
    assert!(echoed.headers()["x-request-id"].len() < 128);
    let job: Value = echoed.json().await.unwrap();
    product.ended(job["jobId"].as_str().unwrap()).await;
    for (name, value, status) in [
        ("idempotency-key", long.as_str(), 400),
        ("idempotency-key", "a b", 400),
        ("prefer", "wait=99999999999999999999", 400),
        ("x-request-id", "a\tb", 202),
    ] {
        let response = odd(name, value).send().await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value:.40}");
        if status == 202 {
            let job: Value = response.json().await.unwrap();
            product.ended(job["jobId"].as_str().unwrap()).await;
        }
    }
    product.finish().await;
}
