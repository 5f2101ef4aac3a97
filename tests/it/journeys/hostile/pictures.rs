//! Pictures that are something else as well. `shared/vision/tests/bombs.rs` measures what they cost.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use likeness_fal_emulator::{Fault, FileFault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Product, answer};

/// 51° 28' 38.52" north, 0° 0' 5.31" west, taken with a camera that is named.
fn gps() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    // Two entries from 8, the next from 38: five entries to 104, then the texts and fractions.
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend(entry(0x010f, 2, 12, 104_u32.to_le_bytes()));
    tiff.extend(entry(0x8825, 4, 1, 38_u32.to_le_bytes()));
    tiff.extend([0; 4]);
    tiff.extend(4_u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
    tiff.extend(entry(2, 5, 3, 116_u32.to_le_bytes()));
    tiff.extend(entry(3, 2, 2, *b"W\0\0\0"));
    tiff.extend(entry(4, 5, 3, 140_u32.to_le_bytes()));
    tiff.resize(104, 0);
    tiff.extend(b"SpyCam 3000\0");
    for (numerator, denominator) in [(51_u32, 1_u32), (28, 1), (3852, 100), (0, 1), (0, 1), (531, 100)] {
        tiff.extend(numerator.to_le_bytes());
        tiff.extend(denominator.to_le_bytes());
    }
    tiff
}

const XMP: &[u8] =
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description exif:GPSLatitude=\"51,28.642N\"/></x:xmpmeta>";

/// Words and numbers of [`gps`] and [`XMP`], wherever they stand.
fn tells_a_place(bytes: &[u8]) -> bool {
    let fraction = [3852_u32.to_le_bytes(), 100_u32.to_le_bytes()].concat();
    let marks: [&[u8]; 6] = [b"Exif", b"EXIF", b"SpyCam", b"GPS", b"xmpmeta", &fraction];
    marks.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
}

fn drawn() -> RgbImage {
    RgbImage::from_fn(256, 256, |x, y| image::Rgb([(x * 3 % 256) as u8, (y * 5 % 256) as u8, ((x ^ y) % 256) as u8]))
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    drawn().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn segment(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, kind], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat()
}

/// A photograph as a telephone makes it.
fn photograph(jpeg: &[u8]) -> Vec<u8> {
    let exif = segment(0xe1, &[b"Exif\0\0".as_slice(), &gps()].concat());
    [&jpeg[..2], &exif, &segment(0xe1, XMP), &jpeg[2..]].concat()
}

/// A WebP with the same in its container.
fn webp_photograph() -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let mut chunk = [name.as_slice(), &(data.len() as u32).to_le_bytes(), data].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let canvas = chunk(b"VP8X", &[0b1000, 0, 0, 0, 255, 0, 0, 255, 0, 0]);
    let picture = &encoded(ImageFormat::WebP)[12..];
    let body = [b"WEBP".as_slice(), &canvas, picture, &chunk(b"EXIF", &gps())].concat();
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// A master as fal's file host serves `bytes` for it.
async fn master_of(product: &Product, bytes: Vec<u8>) -> Value {
    product.fault(Fault::File(FileFault::Given { bytes }));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.ended(&job).await
}

async fn file(product: &Product, url: &Value) -> (String, Vec<u8>) {
    let response = product.http.get(url.as_str().unwrap()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, response.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_picture_was_taken_is_in_no_variant_of_it() {
    let product = Product::start().await;
    for bytes in [photograph(&encoded(ImageFormat::Jpeg)), webp_photograph()] {
        assert!(tells_a_place(&bytes));
        let job = master_of(&product, bytes.clone()).await;
        assert_eq!(job["status"], "completed", "{job}");
        let image = &job["result"]["images"][0];
        let (_, original) = file(&product, &image["url"]).await;
        assert_eq!(Sha256::digest(&original), Sha256::digest(&bytes), "the original is kept to the byte");
        for variant in ["webpUrl", "thumbnailUrl"] {
            let (kind, variant_bytes) = file(&product, &image[variant]).await;
            assert_eq!(kind, "image/webp");
            assert!(!tells_a_place(&variant_bytes), "{variant}");
        }
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_an_uploaded_picture_was_taken_is_in_no_report() {
    let product = Product::start().await;
    let keeper = product.post_master_with(json!({ "seed": 5 })).await;
    let keeper = product.ended(&keeper).await["result"].clone();
    let drawn = image::load_from_memory(&file(&product, &keeper["url"]).await.1).unwrap();
    let mut jpeg = Cursor::new(Vec::new());
    drawn.to_rgb8().write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let picture = photograph(&jpeg.into_inner());
    assert!(tells_a_place(&picture));
    let announced = json!({ "contentType": "image/jpeg", "bytes": picture.len() });
    let path = "/api/v1/projects/demo/images/verify";
    let (status, upload) = answer(product.request(Method::POST, &format!("{path}/uploads")).json(&announced)).await;
    assert_eq!(status, StatusCode::CREATED, "{upload}");
    let mut put = product.http.put(upload["upload"]["url"].as_str().unwrap()).body(picture);
    for (name, value) in upload["upload"]["headers"].as_object().unwrap() {
        put = put.header(name, value.as_str().unwrap());
    }
    assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
    let body = json!({ "newImageId": upload["uploadId"], "referenceSetId": keeper["mediaId"] });
    let (status, report) = answer(product.request(Method::POST, &format!("{path}/consistency?wait")).json(&body)).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert!(!tells_a_place(report.to_string().as_bytes()), "{report}");
    assert_eq!(report["passed"], true, "{report}");
    let id = report["reportId"].as_str().unwrap();
    let report = product.get(&format!("/api/v1/projects/demo/reports/{id}")).await;
    let (_, sheet) = file(&product, &report["sheetUrl"]).await;
    assert!(!tells_a_place(&sheet));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_is_also_a_page_or_an_archive_is_only_ever_a_picture() {
    let product = Product::start().await;
    let script = b"<html><script>alert(1)</script></html>";
    let archive = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let (png, jpeg) = (encoded(ImageFormat::Png), encoded(ImageFormat::Jpeg));
    let commented = [&jpeg[..2], &segment(0xfe, script), &jpeg[2..]].concat();
    for (bytes, kind) in [
        (commented, "image/jpeg"),
        ([&jpeg[..], script].concat(), "image/jpeg"),
        ([&png[..], script].concat(), "image/png"),
        ([&png[..], archive].concat(), "image/png"),
    ] {
        let job = master_of(&product, bytes).await;
        assert_eq!(job["status"], "completed", "{job}");
        let image = &job["result"]["images"][0];
        assert_eq!(file(&product, &image["url"]).await.0, kind, "by its bytes, so that no browser runs it");
        for variant in ["webpUrl", "thumbnailUrl"] {
            let (kind, bytes) = file(&product, &image[variant]).await;
            assert_eq!(kind, "image/webp");
            assert!(
                !bytes.windows(8).any(|window| window == b"<script>")
                    && !bytes.windows(4).any(|end| end == b"PK\x05\x06")
            );
        }
    }
    // What is a page, or a drawing that runs scripts, under a picture's name, and a page with a picture inside.
    let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
    for bytes in [
        script.to_vec(),
        svg,
        [script.as_slice(), &png].concat(),
        b"GIF89a/*".to_vec(),
        [b"BM".as_slice(), &jpeg].concat(),
    ] {
        let job = master_of(&product, bytes).await;
        assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("not_an_image")), "{job}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_pixels_are_refused_in_every_format() {
    let product = Product::start().await;
    let mut png = encoded(ImageFormat::Png);
    png[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    jpeg[frame + 7..frame + 9].copy_from_slice(&50_000_u16.to_be_bytes());
    let mut webp = webp_photograph();
    webp[24..27].copy_from_slice(&49_999_u32.to_le_bytes()[..3]);
    for bytes in [png, jpeg, webp] {
        let job = master_of(&product, bytes).await;
        assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("too_many_pixels")), "{job}");
    }
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 0);
    product.finish().await;
}
