//! Uploads hold what was announced, and what is no picture is refused before anything is made of it.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::profile::master;
use crate::harness::{Product, answer};

const UPLOADS: &str = "/api/v1/projects/demo/images/verify/uploads";
const VERIFY: &str = "/api/v1/projects/demo/images/verify/consistency";

async fn announced(product: &Product, bytes: usize) -> Value {
    let body = json!({ "contentType": "image/png", "bytes": bytes });
    let (status, announced) = answer(product.request(Method::POST, UPLOADS).json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{announced}");
    announced
}

async fn put(product: &Product, announced: &Value, file: Vec<u8>) -> StatusCode {
    let put = product.http.put(announced["upload"]["url"].as_str().unwrap());
    put.header("content-type", "image/png").body(file).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bucket_takes_as_many_bytes_as_were_announced() {
    let product = Product::start().await;
    let announced = announced(&product, 500).await;
    assert_eq!(announced["upload"]["headers"]["content-length"], "500");
    for other in [499, 501, 3_000] {
        assert_eq!(put(&product, &announced, vec![0; other]).await, StatusCode::FORBIDDEN, "{other}");
    }
    assert_eq!(put(&product, &announced, vec![0; 500]).await, StatusCode::OK);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_picture_is_not_compared() {
    let product = Product::start().await;
    let keeper = master(&product).await;
    let image = product.get(&format!("/api/v1/projects/demo/images/{keeper}")).await;
    let picture = product.http.get(image["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    let cut = picture[..picture.len() - 100].to_vec();
    let jobs = product.get("/api/v1/projects/demo/jobs").await["jobs"].as_array().unwrap().len();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>".to_vec();
    for (file, says) in [(Some(svg), "PNG"), (Some(cut), "cut off"), (None, "nothing is there")] {
        let announced = announced(&product, file.as_ref().map_or(100, Vec::len)).await;
        if let Some(file) = file {
            assert_eq!(put(&product, &announced, file).await, StatusCode::OK);
        }
        let body = json!({ "newImageId": announced["uploadId"], "referenceSetId": keeper });
        let (status, problem) = answer(product.request(Method::POST, VERIFY).json(&body)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/newImageId")), "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let after = product.get("/api/v1/projects/demo/jobs").await["jobs"].as_array().unwrap().len();
    assert_eq!(after, jobs, "no job was made of them");
    product.finish().await;
}
