//! Cursors that were made up: they lead nowhere but in the maker's own list.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{KEY, Product, answer};

/// URL-safe base64 without padding, of the text that a cursor is.
fn forged(list: &str, pk: &str, sk: &str, listing_sk: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = json!({ "list": list, "position": { "pk": pk, "sk": sk, "listing_sk": listing_sk } }).to_string();
    let mut cursor = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|place| char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
        cursor.extend(digits);
    }
    cursor
}

fn page(product: &Product, key: &str, path: &str, cursor: &str) -> RequestBuilder {
    let url = format!("{}{path}?limit=2&cursor={cursor}", product.stack().url());
    product.http.request(Method::GET, url).bearer_auth(key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_place_shows_nothing_of_anybody_elses() {
    let product = Product::start().await;
    product.create_project("rival", "rival-key").await;
    for _ in 0..3 {
        product.pass(1);
        let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
        product.ended(&job).await;
    }
    let first = product.get("/api/v1/projects/demo/jobs?limit=1").await;
    let own = first["nextCursor"].as_str().unwrap();
    let job = first["jobs"][0]["jobId"].as_str().unwrap();
    let ulid = job.trim_start_matches("job_");

    // The true cursor of another's list.
    let (status, problem) = answer(page(&product, "rival-key", "/api/v1/projects/rival/jobs", own)).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/cursor")), "{problem}");
    assert_eq!(answer(page(&product, "rival-key", "/api/v1/projects/demo/jobs", own)).await.0, 404);
    // One's own list, and a place in another's.
    let stolen = forged("jobs of rival", &format!("JOB#{ulid}"), "JOB", job);
    let (status, list) = answer(page(&product, "rival-key", "/api/v1/projects/rival/jobs", &stolen)).await;
    assert_eq!((status.as_u16(), &list["jobs"], &list["hasMore"]), (200, &json!([]), &json!(false)), "{list}");

    // Places that no key of the table has.
    let long = "x".repeat(1100);
    for (list, path, pk, sk, listing_sk) in [
        ("jobs of demo", "jobs", "JOB#x", "JOB", ""),
        ("jobs of demo", "jobs", "", "JOB", "x"),
        ("jobs of demo", "jobs", "JOB#x", "", "x"),
        ("jobs of demo", "jobs", "JOB#x", "JOB", long.as_str()),
        ("people of demo", "people", "PROJECT#demo", "MEDIA#x", ""),
        ("people of demo", "people", "PROJECT#demo", "LEDGER#2026-11", ""),
        ("subjects of demo", "subjects", "PROJECT#demo", "MEMBER#demo", "x"),
        ("subjects of demo", "subjects", "PROJECT#demo", long.as_str(), "x"),
    ] {
        let path = format!("/api/v1/projects/demo/{path}");
        let (status, problem) = answer(page(&product, KEY, &path, &forged(list, pk, sk, listing_sk))).await;
        assert_eq!(status, 400, "{list} {pk:.20} {sk:.20} {listing_sk:.20}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], json!("/cursor"));
    }
    // And a possible one works like any other, so that what was refused above was refused for its content.
    let possible = forged("jobs of demo", &format!("JOB#{ulid}"), "JOB", job);
    let (status, list) = answer(page(&product, KEY, "/api/v1/projects/demo/jobs", &possible)).await;
    assert_eq!((status.as_u16(), list["jobs"].as_array().map(Vec::len)), (200, Some(2)), "{list}");
    let people = forged("people of demo", "PROJECT#rival", "PERSON#a", "");
    let (status, list) = answer(page(&product, KEY, "/api/v1/projects/demo/people", &people)).await;
    assert_eq!((status.as_u16(), &list["people"]), (200, &Value::Array(Vec::new())), "{list}");
    product.finish().await;
}
