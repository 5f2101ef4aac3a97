//! The file host and both ways to upload.

use http::Method;
use likeness_fal_emulator::{Fault, FileFault};
use serde_json::{Value, json};

use super::{DEV, Fal, small};

#[tokio::test]
async fn a_key_at_the_file_host_is_refused_and_recorded() {
    let fal = Fal::start().await;
    let output = fal.output(DEV, small("public")).await;
    let file = fal.file(&output).await;
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(&file.bytes().await.unwrap()[1..4], b"PNG");
    assert!(fal.emulator.violations().is_empty());
    let leaked = fal.get(output["images"][0]["url"].as_str().unwrap()).await;
    assert_eq!(leaked.status(), 400);
    let recorded: Value = fal.get("_emulator/violations").await.json().await.unwrap();
    assert_eq!(recorded[0]["problem"], "the file host received an Authorization header");
}

#[tokio::test]
async fn upload_a_takes_a_put_without_a_key() {
    let fal = Fal::start().await;
    let initiate = fal.call(Method::POST, "storage/upload/initiate?storage_type=fal-cdn-v3");
    let urls = initiate.json(&json!({ "content_type": "image/png", "file_name": "a.png" })).send().await.unwrap();
    let urls: Value = urls.json().await.unwrap();
    let put = || fal.http.put(urls["upload_url"].as_str().unwrap()).header("content-type", "image/png").body("bytes");
    assert_eq!(put().header("authorization", super::KEY).send().await.unwrap().status(), 400);
    assert_eq!(put().send().await.unwrap().status(), 200);
    let file = fal.http.get(urls["file_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.text().await.unwrap(), "bytes");
}

#[tokio::test]
async fn upload_b_takes_a_token() {
    let fal = Fal::start().await;
    let token = fal.call(Method::POST, "storage/auth/token?storage_type=fal-cdn-v3").json(&json!({}));
    let token: Value = token.send().await.unwrap().json().await.unwrap();
    assert_eq!(token["base_url"], fal.emulator.url());
    let upload = |authorization: String| {
        let upload = fal.http.post(format!("{}/files/upload", fal.emulator.url()));
        upload.header("authorization", authorization).header("x-fal-file-name", "a.txt").body("bytes").send()
    };
    assert_eq!(upload(super::KEY.to_owned()).await.unwrap().status(), 401);
    let bearer = format!("{} {}", token["token_type"].as_str().unwrap(), token["token"].as_str().unwrap());
    let stored: Value = upload(bearer).await.unwrap().json().await.unwrap();
    let file = fal.http.get(stored["access_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.text().await.unwrap(), "bytes");
}

#[tokio::test]
async fn files_can_be_spoiled() {
    let fal = Fal::start().await;
    let spoiled = async |fault: FileFault| {
        fal.fault(Fault::File(fault));
        let output = fal.output(DEV, small("spoiled")).await;
        fal.file(&output).await
    };
    let html = spoiled(FileFault::Html).await;
    assert_eq!(html.headers()["content-type"], "text/html");
    assert!(html.url().path().ends_with(".png"));

    let heavy = spoiled(FileFault::HeavyJpeg).await.bytes().await.unwrap();
    assert!(heavy.len() >= 12_000_000);
    assert_eq!(image::load_from_memory(&heavy).unwrap().width(), 128);

    let truncated = spoiled(FileFault::TruncatedJpeg).await.bytes().await.unwrap();
    assert_eq!(&truncated[..2], &[0xff, 0xd8]);
    assert!(!truncated.ends_with(&[0xff, 0xd9]));

    assert_eq!(spoiled(FileFault::Missing).await.status(), 404);

    let slow = spoiled(FileFault::Slow { ms: 20 }).await.bytes().await.unwrap();
    assert_eq!(image::load_from_memory(&slow).unwrap().width(), 128);

    let moved = spoiled(FileFault::Redirect { to: None }).await;
    assert_eq!(moved.status(), 302);
    let target = format!("{}{}", fal.emulator.url(), moved.headers()["location"].to_str().unwrap());
    assert_eq!(fal.http.get(target).send().await.unwrap().status(), 200);
    let away = spoiled(FileFault::Redirect { to: Some("http://169.254.169.254/".to_owned()) }).await;
    assert_eq!(away.headers()["location"], "http://169.254.169.254/");
}

#[tokio::test]
async fn a_huge_png_is_small_on_the_wire() {
    let fal = Fal::start().await;
    fal.fault(Fault::File(FileFault::HugePng));
    let output = fal.output(DEV, small("huge")).await;
    let bytes = fal.file(&output).await.bytes().await.unwrap();
    assert!(bytes.len() < 10_000_000, "{}", bytes.len());
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap();
    assert_eq!(reader.into_dimensions().unwrap(), (20_000, 10_000));
}
