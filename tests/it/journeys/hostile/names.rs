//! Names that would be paths, keys or expressions.

use http::StatusCode;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{KEY, Product, answer};

/// As they stand in a path, percent-encoded.
const NAMES: [&str; 16] = [
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%2e%2e%2fdemo",
    "a%2fb",
    "a%23b",
    "demo%23MEMBER%23demo",
    "%00",
    "demo%00",
    "%0d%0aset-cookie:%20a=b",
    "%ef%bc%8e%ef%bc%8e",
    "%c0%ae%c0%ae",
    ":pk",
    "attribute_exists(pk)",
    "'%20OR%20'1'='1",
    "%7b%7b7*7%7d%7d",
    ".hidden",
];

/// Every route with names in its path, `{}` where the hostile one goes.
const PATHS: [(&str, &str); 32] = [
    ("GET", "/api/v1/projects/{}"),
    ("PATCH", "/api/v1/projects/{}"),
    ("GET", "/api/v1/projects/{}/members"),
    ("PUT", "/api/v1/projects/demo/members/{}"),
    ("DELETE", "/api/v1/projects/demo/members/{}"),
    ("PUT", "/api/v1/projects/demo/subjects/{}"),
    ("GET", "/api/v1/projects/demo/subjects/{}"),
    ("PUT", "/api/v1/projects/demo/people/{}"),
    ("GET", "/api/v1/projects/demo/people/{}"),
    ("GET", "/api/v1/projects/demo/loras/{}"),
    ("POST", "/api/v1/projects/demo/loras/{}/complete"),
    ("GET", "/api/v1/projects/{}/jobs"),
    ("GET", "/api/v1/projects/demo/workflows/{}"),
    ("POST", "/api/v1/projects/demo/workflows/{}/cancel"),
    ("GET", "/api/v1/projects/demo/images/{}"),
    ("GET", "/api/v1/projects/{}/images"),
    ("GET", "/api/v1/projects/demo/images/{}/versions"),
    ("POST", "/api/v1/projects/demo/images/{}/regenerate"),
    ("GET", "/api/v1/projects/demo/reports/{}"),
    ("GET", "/api/v1/projects/{}/reports"),
    ("GET", "/api/v1/projects/demo/collections/{}"),
    ("GET", "/api/v1/projects/{}/collections"),
    ("GET", "/api/v1/projects/{}/relations/x"),
    ("GET", "/api/v1/projects/{}/templates"),
    ("POST", "/api/v1/projects/{}/images/generate/master"),
    ("GET", "/api/v1/jobs/{}"),
    ("POST", "/api/v1/jobs/{}/cancel"),
    ("POST", "/api/v1/jobs/{}/shots/{}/regenerate"),
    ("DELETE", "/api/v1/keys/{}"),
    ("GET", "/api/generate/status/{}"),
    ("GET", "/api/generate/{}"),
    ("GET", "/api/v1/projects/{}/subjects"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_leads_out_of_its_place() {
    let product = Product::start().await;
    for (method, path) in PATHS {
        for name in NAMES {
            let path = path.replace("{}", name);
            let body = json!({ "subjectType": "character", "description": "a lighthouse keeper", "role": "owner" });
            let request = product.request(method.parse::<Method>().unwrap(), &path);
            let request = if method == "GET" { request } else { request.json(&body) };
            let response = request.send().await.unwrap();
            assert!(matches!(response.status().as_u16(), 400 | 404), "{method} {path}: {}", response.status());
            assert!(response.headers().get("set-cookie").is_none());
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        }
        let (status, _) =
            answer(product.request(method.parse().unwrap(), &path.replace("{}", &"a".repeat(5_000)))).await;
        assert!(matches!(status.as_u16(), 400 | 404 | 415), "{method} {path}: {status}");
    }
    // As it stands, which a client would have put right.
    let mut connection = TcpStream::connect(product.stack().url().trim_start_matches("http://")).await.unwrap();
    let raw = format!(
        "GET /api/v1/projects/demo/../../../healthz/../etc/passwd HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n"
    );
    connection.write_all(raw.as_bytes()).await.unwrap();
    let mut said = String::new();
    connection.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
    product.finish().await;
}

/// Words of the table's language and of its keys are names like others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reserved_words_are_names_like_others() {
    let product = Product::start().await;
    let reserved = [
        "SET",
        "size",
        "pk",
        "attribute_exists",
        "PROJECT",
        "LEDGER",
        "TALLY",
        "a..b",
        "0",
        "null",
        "x".repeat(64).as_str(),
    ]
    .map(str::to_owned);
    for name in &reserved {
        let description = format!("a keeper of #{name}, :{name} and {{{name}}}, \"quoted\" 'twice' \\ % _");
        let path = format!("/api/v1/projects/demo/subjects/{name}");
        let put = json!({ "subjectType": "character", "description": description });
        let (status, made) = answer(product.request(Method::PUT, &path).json(&put)).await;
        assert!(status.is_success(), "{name}: {made}");
        let read = product.get(&path).await;
        assert_eq!((&read["id"], &read["description"]), (&json!(name), &json!(description)));
    }
    let listed = product.get("/api/v1/projects/demo/subjects?limit=100").await;
    assert_eq!(listed["subjects"].as_array().unwrap().len(), reserved.len());
    for (path, body, pointer) in [
        ("/api/v1/projects", json!({ "id": "a#b", "projectId": "a#b", "name": "x" }), None),
        (
            "/api/v1/projects/demo/images/generate/master",
            json!({
                "subjectType": "character", "subjectId": "keeper#MEMBER", "description": "a lighthouse keeper"
            }),
            Some("/subjectId"),
        ),
        ("/api/v1/projects/demo/loras", json!({ "personId": "../ada", "bytes": 100 }), Some("/personId")),
        (
            "/api/v1/projects/demo/loras",
            json!({ "personId": "ada", "bytes": 100, "fileName": "../../x" }),
            Some("/fileName"),
        ),
    ] {
        let (status, problem) = answer(product.request(Method::POST, path).json(&body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert!(pointer.is_none_or(|pointer| problem["errors"][0]["pointer"] == pointer), "{problem}");
    }
    product.finish().await;
}
