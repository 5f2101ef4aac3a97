//! What the models make of their input: validation, sizes, seeds, looks, references, bills.

use axum::{Router, routing::get};
use image::RgbImage;
use serde_json::{Value, json};

use super::{DEV, Fal, free_port, small};

const KONTEXT: &str = "fal-ai/flux-pro/kontext";
const ANGLES: &str = "fal-ai/flux-2-lora-gallery/multiple-angles";

#[tokio::test]
async fn a_bad_input_is_accepted_and_fails_later_for_free() {
    let fal = Fal::start().await;
    let result = fal.result("fal-ai/flux/schnell", json!({ "prompt": "x", "num_inference_steps": 28 })).await;
    assert_eq!(result.status(), 422);
    assert_eq!(result.headers()["x-fal-billable-units"], "0");
    let body: Value = result.json().await.unwrap();
    let item = json!({
        "loc": ["body", "num_inference_steps"],
        "msg": "Input should be less than or equal to 12",
        "type": "less_than_equal",
        "url": "https://docs.fal.ai/errors#less_than_equal",
        "ctx": { "le": 12 },
        "input": 28,
    });
    assert_eq!(body["detail"], json!([item]));
}

#[tokio::test]
async fn sizes_are_multiples_of_sixteen_and_billed_by_the_megapixel() {
    let fal = Fal::start().await;
    let input = json!({ "prompt": "x", "image_size": { "width": 1030, "height": 1040 }, "num_images": 2 });
    let result = fal.result(DEV, input).await;
    assert_eq!(result.headers()["x-fal-billable-units"], "4");
    let output: Value = result.json().await.unwrap();
    let image = &output["images"][1];
    assert_eq!((&image["width"], &image["height"]), (&json!(1024), &json!(1040)));
    assert_eq!(image["content_type"], "image/jpeg");
    assert_eq!(output["has_nsfw_concepts"], json!([false, false]));
    assert!(output["seed"].is_u64());
}

#[tokio::test]
async fn large_seeds_keep_their_digits() {
    let fal = Fal::start().await;
    let seed = 196_619_188_014_358_660_u64;
    let mut input = small("digits");
    input["seed"] = seed.into();
    assert_eq!(fal.output(DEV, input).await["seed"], seed);
}

#[tokio::test]
async fn the_same_prompt_and_seed_draw_the_same_bytes() {
    let fal = Fal::start().await;
    let mut files = Vec::new();
    for _ in 0..2 {
        let output = fal.output(DEV, small("twins")).await;
        files.push(fal.file(&output).await.bytes().await.unwrap());
    }
    assert_eq!(files[0], files[1]);
}

#[tokio::test]
async fn sync_mode_puts_the_image_into_the_json() {
    let fal = Fal::start().await;
    let mut input = small("inline");
    input["sync_mode"] = true.into();
    let output = fal.output(DEV, input).await;
    assert!(output["images"][0]["url"].as_str().unwrap().starts_with("data:image/png;base64,"));
}

#[tokio::test]
async fn partner_models_return_less() {
    let fal = Fal::start().await;
    let url = fal.output(DEV, small("base")).await["images"][0]["url"].clone();
    let banana = fal.output("fal-ai/nano-banana-2/edit", json!({ "prompt": "x", "image_urls": [url] })).await;
    assert!(banana.get("seed").is_none() && banana.get("description").is_some());
}

async fn pixels(fal: &Fal, output: &Value) -> RgbImage {
    image::load_from_memory(&fal.file(output).await.bytes().await.unwrap()).unwrap().into_rgb8()
}

/// The mean difference per channel of two images, after bringing them to one size.
fn distance(one: &RgbImage, other: &RgbImage) -> f64 {
    let shrunk = |image: &RgbImage| image::imageops::thumbnail(image, 64, 64).into_raw();
    let (one, other) = (shrunk(one), shrunk(other));
    let total: u64 = one.iter().zip(&other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    total as f64 / one.len() as f64
}

#[tokio::test]
async fn a_look_survives_edits_and_a_copy_in_another_bucket() {
    let fal = Fal::start().await;
    let master = fal.output(DEV, small("a knight with red hair and a blue coat")).await;
    let url = master["images"][0]["url"].as_str().unwrap().to_owned();
    let front = pixels(&fal, &master).await;

    let mut copy = Vec::new();
    front.write_to(&mut std::io::Cursor::new(&mut copy), image::ImageFormat::Jpeg).unwrap();
    let listener = free_port().await;
    let copy_url = format!("http://{}/copy.jpg?signature=abc", listener.local_addr().unwrap());
    let app = Router::new().route("/copy.jpg", get(|| async move { copy }));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let turn = async |url: &str, angle: u32| {
        let input = json!({
            "image_urls": [url],
            "horizontal_angle": angle,
            "image_size": { "width": 512, "height": 768 },
        });
        pixels(&fal, &fal.output(ANGLES, input).await).await
    };
    let (again, side, of_copy) = (turn(&url, 0).await, turn(&url, 90).await, turn(&copy_url, 0).await);
    assert_eq!(again, of_copy, "the copy is not recognised");
    assert!(distance(&front, &again) < 2.0, "the look changed: {}", distance(&front, &again));
    assert!(distance(&front, &side) > 1.0, "the side looks like the front");

    let edit = json!({ "prompt": "back view of the same character", "image_url": url, "output_format": "png" });
    let back = pixels(&fal, &fal.output(KONTEXT, edit).await).await;
    assert!(distance(&turn(&url, 180).await, &back) < 2.0);
}

#[tokio::test]
async fn a_composite_contains_its_references() {
    let fal = Fal::start().await;
    let red = fal.output(DEV, small("a figure in a red coat")).await["images"][0]["url"].clone();
    let mut other = small("a figure in a green coat");
    other["seed"] = 8.into();
    let green = fal.output(DEV, other).await["images"][0]["url"].clone();
    let compose = async |urls: Value| {
        let input = json!({
            "prompt": "both in one scene", "image_urls": urls, "seed": 5,
            "image_size": { "width": 512, "height": 512 },
        });
        pixels(&fal, &fal.output("fal-ai/flux-2/edit", input).await).await
    };
    let (both, swapped) = (compose(json!([red, green])).await, compose(json!([green, red])).await);
    assert!(distance(&both, &swapped) > 0.2, "the figures are not in the picture");
}

#[tokio::test]
async fn references_that_cannot_be_used_are_named() {
    let fal = Fal::start().await;
    let missing = format!("{}/files/b/panda/none.png", fal.emulator.url());
    let result = fal.result(KONTEXT, json!({ "prompt": "x", "image_url": missing })).await;
    assert_eq!(result.status(), 422);
    let body: Value = result.json().await.unwrap();
    assert_eq!(body["detail"][0]["type"], "file_download_error");
    assert_eq!(body["detail"][0]["loc"], json!(["body", "image_url"]));

    let text = "data:text/plain;base64,aGVsbG8=";
    let result = fal.result("fal-ai/flux-2/edit", json!({ "prompt": "x", "image_urls": [text] })).await;
    let body: Value = result.json().await.unwrap();
    assert_eq!(body["detail"][0]["type"], "image_load_error");
    assert_eq!(body["detail"][0]["loc"], json!(["body", "image_urls", 0]));
}

#[tokio::test]
async fn references_beyond_the_limit_are_dropped_without_a_word() {
    let fal = Fal::start().await;
    let good = fal.output(DEV, small("base")).await["images"][0]["url"].clone();
    let bad = json!("http://127.0.0.1:9/none.png");
    let mut urls = vec![good.clone(); 4];
    urls.push(bad.clone());
    fal.output("fal-ai/flux-2/edit", json!({ "prompt": "x", "image_urls": urls })).await;
    // Seedream looks at the last ten.
    let mut urls = vec![bad];
    urls.extend(vec![good; 10]);
    let size = json!({ "width": 1920, "height": 1920 });
    let input = json!({ "prompt": "x", "image_urls": urls, "image_size": size });
    fal.output("fal-ai/bytedance/seedream/v4.5/edit", input).await;
}
