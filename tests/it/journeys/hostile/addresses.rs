//! Wherever a request may name an image by its address, only the public internet can be named.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

/// Addresses that are refused as they stand, and names that are looked up.
const INWARDS: [&str; 14] = [
    "http://images.example.com/a.png",
    "https://127.0.0.1/a.png",
    "https://2130706433/a.png",
    "https://0x7f.0.0.1/a.png",
    "https://0177.0.0.1/a.png",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://metadata.google.internal/",
    "https://localhost/a.png",
    "https://printer.local/a.png",
    "https://user:password@images.example.com/a.png",
    "https://images.example.com:22/a.png",
    "https://images.example.com\\@127.0.0.1/a.png",
];

const KNOWN: &str = "public.example.com=93.184.216.34,inwards.example.com=10.0.0.7,\
    half.example.com=93.184.216.34,half.example.com=127.0.0.1,metadata.example.com=169.254.169.254,\
    mapped.example.com=::ffff:192.168.0.1,nat.example.com=64:ff9b::10.0.0.1";

/// A request with `url` in each place that takes an address: path, body, place.
fn places(url: &str) -> Vec<(&'static str, Value, &'static str)> {
    let scene =
        |references: Value| json!({ "description": "the two meet at the end of the pier", "references": references });
    let composite = "/api/v1/projects/demo/images/generate/composite";
    let master = json!({
        "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper", "references": [url]
    });
    let step = json!({ "id": "hero", "type": "master", "input": master });
    let controlled = json!({
        "description": "the two meet at the end of the pier", "model": "flux-general",
        "references": { "location": url }, "controlImages": [{ "image": url, "mode": "pose" }]
    });
    vec![
        ("/api/v1/projects/demo/images/generate/master", master, "/references/0"),
        (
            "/api/v1/projects/demo/images/generate/profile360",
            json!({ "masterReferenceId": url, "subjectId": "keeper", "description": "a lighthouse keeper" }),
            "/masterReferenceId",
        ),
        (composite, scene(json!({ "characters": [{ "referenceId": url }] })), "/references/characters/0/referenceId"),
        (composite, scene(json!({ "location": url })), "/references/location"),
        (
            composite,
            scene(json!({ "location": "img_01jd0000000000000000000000-0-0", "style": url })),
            "/references/style",
        ),
        (composite, scene(json!({ "props": [url] })), "/references/props/0"),
        (composite, controlled, "/controlImages/0/image"),
        (
            "/api/generate",
            json!({ "type": "master", "prompt": "a lighthouse keeper", "referenceImageUrl": url }),
            "/referenceImageUrl",
        ),
        (
            "/api/generate",
            json!({
                "type": "composite", "prompt": "the two meet at the pier", "metadata": { "referenceIds": [url] }
            }),
            "/metadata/referenceIds/0",
        ),
        ("/api/v1/projects/demo/workflows", json!({ "steps": [step] }), "/steps/0/input/references/0"),
    ]
}

async fn refused(product: &Product, url: &str, expected: StatusCode, detail: &str) {
    for (path, body, place) in places(url) {
        let (status, problem) = answer(product.request(Method::POST, path).json(&body)).await;
        assert_eq!(status, expected, "{path} {url}: {problem}");
        let error = problem["errors"].as_array().unwrap().iter().find(|error| error["pointer"] == place);
        let said = error.unwrap_or_else(|| panic!("{path} {url}: {problem}"))["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{path} {url}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_leads_into_a_private_network() {
    let known = ("IMAGE_KNOWN_HOSTS".to_owned(), KNOWN.to_owned());
    let product = Product::with(|options| options.environment.push(known)).await;
    for url in INWARDS {
        refused(&product, url, StatusCode::BAD_REQUEST, "is").await;
    }
    for host in ["inwards", "half", "metadata", "mapped", "nat"] {
        let url = format!("https://{host}.example.com/a.png");
        refused(&product, &url, StatusCode::UNPROCESSABLE_ENTITY, "private address").await;
    }
    // Nobody has this name: a name server says so, and without one there is no answer either.
    let nowhere = "https://no-such-host.example.com/a.png";
    refused(&product, nowhere, StatusCode::UNPROCESSABLE_ENTITY, "leads nowhere").await;

    product.stack().settle().await;
    assert!(product.fal().ledger().is_empty(), "fal was sent nowhere");
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!(ledger, likeness_core::store::Ledger::default(), "no job was accepted");

    let (status, accepted) =
        answer(product.master(&json!({ "references": ["https://public.example.com/a.png"] }))).await;
    assert_eq!((status, &accepted["status"]), (StatusCode::ACCEPTED, &json!("queued")), "{accepted}");
    // The emulator finds nothing there.
    product.ended(accepted["jobId"].as_str().unwrap()).await;
    product.finish().await;
}
