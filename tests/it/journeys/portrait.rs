//! Portraits: a person, a LoRA that knows them, several pictures of one request; and the one call of the costume app.

use http::{Method, StatusCode};
use likeness_domain::{id::LoraId, media::Media};
use likeness_fal_emulator::{DrawingFault, Fault, FileFault, LedgerEntry};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::loras::safetensors;
use crate::harness::{Product, answer};

const PATH: &str = "/api/v1/projects/demo/images/generate/portrait";
const APP: &str = "/api/generate-image";
/// The costume app's own example.
const PROMPT: &str = "74828 is looking at the camera, smiling, with a haunted house in the background.";

/// A product with the person `ada` and a LoRA of hers; returns the LoRA's number.
async fn start() -> (Product, Value) {
    let product = Product::start().await;
    product.put_person("ada").await;
    let lora = product.lora_of("ada").await;
    (product, lora)
}

/// A request for a portrait, with other fields set or changed; `null` takes one away.
fn portrait(product: &Product, fields: &Value) -> RequestBuilder {
    let mut body = json!({ "personId": "ada", "prompt": PROMPT });
    let all = body.as_object_mut().unwrap();
    all.extend(fields.as_object().unwrap().clone());
    all.retain(|_, value| !value.is_null());
    product.request(Method::POST, PATH).json(&body)
}

/// The job of a portrait, once it has ended.
async fn made(product: &Product, fields: Value) -> Value {
    let (status, body) = answer(portrait(product, &fields)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    product.ended(body["jobId"].as_str().unwrap()).await
}

/// The costume app's call.
fn call(product: &Product, lora: &Value, fields: &Value) -> RequestBuilder {
    let mut body = json!({ "prompt": PROMPT, "loraId": lora, "num_images": 4, "image_size": "portrait_4_3" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    product.request(Method::POST, APP).json(&body)
}

/// Where fal was told to find the weights.
fn weights(sent: &LedgerEntry) -> String {
    sent.input["loras"][0]["path"].as_str().unwrap().to_owned()
}

async fn records(product: &Product, job: &Value) -> Vec<Media> {
    let images = job["result"]["images"].as_array().unwrap();
    let ids: Vec<_> = images.iter().map(|image| image["mediaId"].as_str().unwrap().parse().unwrap()).collect();
    product.store().media_of(&"demo".parse().unwrap(), &ids).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_portraits_come_of_one_request_in_the_words_that_were_chosen() {
    let (product, lora) = start().await;
    let choices = json!({
        "typeOfShot": "full-body photo", "costume": "astronaut", "background": "haunted house",
        "age": 8, "gender": "female",
    });
    let job = made(&product, json!({ "prompt": null, "choices": choices, "seed": 7 })).await;
    assert_eq!((&job["status"], &job["type"]), (&json!("completed"), &json!("portrait")), "{job}");
    let sent = product.fal().ledger();
    assert_eq!(sent.len(), 1);
    insta::assert_json_snapshot!(sent[0].input, { ".loras[0].path" => "[address]" }, @r#"
    {
      "enable_safety_checker": true,
      "guidance_scale": 3.5,
      "image_size": {
        "height": 1024,
        "width": 768
      },
      "loras": [
        {
          "path": "[address]",
          "scale": 1.0
        }
      ],
      "num_images": 4,
      "num_inference_steps": 28,
      "output_format": "jpeg",
      "prompt": "A full-body photo of an 8-year-old girl dressed as an astronaut with a haunted house background, 74828",
      "seed": 7
    }
    "#);
    assert_eq!(sent[0].endpoint, "fal-ai/flux-lora");
    assert!(weights(&sent[0]).contains("X-Amz-Expires=900"), "a quarter of an hour: {}", weights(&sent[0]));

    let result = &job["result"];
    assert_eq!((&result["personId"], &result["loraId"], &result["seed"]), (&json!("ada"), &lora, &json!(7)));
    assert_eq!(result["images"].as_array().unwrap().len(), 4);
    assert_eq!((&job["cost"]["settled"], sent[0].billable_units), (&json!(0.14), 4.0));
    let folder = format!("ada-{lora}/");
    for media in records(&product, &job).await {
        for file in [&media.original, &media.webp, &media.thumbnail] {
            assert!(file.key.starts_with(&folder), "{}", file.key);
        }
        assert_eq!((media.original.content_type.as_str(), media.width, media.height), ("image/jpeg", 768, 1024));
        let whose = product.store().related_to(&"demo".parse().unwrap(), &media.id.to_string()).await.unwrap();
        assert_eq!(whose, [("HAS_PORTRAIT".to_owned(), "ada".to_owned())]);
    }
    let listed = product.get("/api/v1/projects/demo/images?imageType=portrait").await;
    assert_eq!((&listed["total"], &listed["images"][0]["personId"]), (&json!(4), &json!("ada")));
    let id = result["images"][0]["mediaId"].as_str().unwrap();
    let one = product.get(&format!("/api/v1/projects/demo/images/{id}")).await;
    // Where a face's weights lie is nobody's business.
    for told in [&job, &listed, &one] {
        assert!(!told.to_string().contains("loras/") && !told.to_string().contains("safetensors"), "{told}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_lora_of_a_person_is_used_unless_another_is_named() {
    let (product, older) = start().await;
    let newer = product.lora_of("ada").await;
    let size = json!({ "width": 640, "height": 960 });
    let job = made(&product, json!({ "numImages": 1, "imageSize": size, "scale": 0.8 })).await;
    assert_eq!((&job["result"]["loraId"], &job["result"]["prompt"]), (&newer, &json!(PROMPT)), "to the letter");
    let named = json!({ "personId": null, "loraId": older, "numImages": 2, "imageSize": "square_hd" });
    let job = made(&product, named).await;
    assert_eq!((&job["result"]["loraId"], job["result"]["images"].as_array().unwrap().len()), (&older, 2));
    let sent = product.fal().ledger();
    for (sent, lora, size) in [(&sent[0], &newer, size), (&sent[1], &older, json!({ "width": 1024, "height": 1024 }))] {
        assert!(weights(sent).contains(&format!("/loras/ada/{lora}-")) && sent.input["image_size"] == size);
    }
    assert_eq!((&sent[0].input["loras"][0]["scale"], &sent[0].input["num_images"]), (&json!(0.8), &json!(1)));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_costume_app_is_answered_as_it_expects() {
    let (product, lora) = start().await;
    let response = call(&product, &lora, &json!({})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let first: Value = response.json().await.unwrap();
    insta::assert_json_snapshot!(first, { ".images[].url" => "[url]", ".seed" => "[seed]" }, @r#"
    {
      "images": [
        {
          "content_type": "image/jpeg",
          "height": 1024,
          "url": "[url]",
          "width": 768
        },
        {
          "content_type": "image/jpeg",
          "height": 1024,
          "url": "[url]",
          "width": 768
        },
        {
          "content_type": "image/jpeg",
          "height": 1024,
          "url": "[url]",
          "width": 768
        },
        {
          "content_type": "image/jpeg",
          "height": 1024,
          "url": "[url]",
          "width": 768
        }
      ],
      "prompt": "74828 is looking at the camera, smiling, with a haunted house in the background.",
      "seed": "[seed]"
    }
    "#);
    assert!(first["seed"].is_u64() && !first.to_string().contains("loras/"), "{first}");
    for image in first["images"].as_array().unwrap() {
        let url = image["url"].as_str().unwrap();
        let file = product.http.get(url).send().await.unwrap();
        assert_eq!((file.status(), &file.headers()["content-type"]), (StatusCode::OK, &"image/jpeg".parse().unwrap()));
        assert!(url.contains(&format!("/ada-{lora}/")), "{url}");
    }

    // The same again costs nothing, also with the number as text; unless it is told not to be the same.
    let digits = json!(lora.to_string());
    let again = call(&product, &digits, &json!({})).send().await.unwrap();
    assert_eq!(again.headers()["cache-status"], "likeness; hit");
    assert_eq!((again.json::<Value>().await.unwrap(), product.fal().ledger().len()), (first.clone(), 1));
    let keyed = async || {
        let request = call(&product, &lora, &json!({})).header("cache-control", "no-cache");
        answer(request.header("idempotency-key", "halloween-1")).await
    };
    let (status, new) = keyed().await;
    assert_eq!((status, product.fal().ledger().len()), (StatusCode::OK, 2));
    assert_ne!(new, first);
    assert_eq!((keyed().await, product.fal().ledger().len()), ((StatusCode::OK, new), 2));
    let other = call(&product, &lora, &json!({ "num_images": 1 })).header("idempotency-key", "halloween-1");
    let (status, problem) = answer(other).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ready_in_time_can_be_asked_for_later() {
    let (product, lora) = start().await;
    let request = call(&product, &lora, &json!({ "num_images": 1 })).header("prefer", "wait=0");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let job: Value = response.json().await.unwrap();
    assert!(job["result"].is_null(), "{job}");
    let ended = product.ended(job["jobId"].as_str().unwrap()).await;
    assert_eq!((&product.get(&location).await, &ended["status"]), (&ended, &json!("completed")));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fal_is_told_the_same_address_of_the_weights_while_it_is_fresh() {
    let (product, _) = start().await;
    // Away from the moment at which the address changes anyway.
    let into_window = product.test_clock.now().as_second().rem_euclid(300);
    if into_window > 290 {
        product.pass(300 - into_window);
    }
    for (number, pause) in [0, 5, 360].into_iter().enumerate() {
        product.pass(pause);
        let prompt = format!("74828 as a pirate, take number {number}");
        assert_eq!(made(&product, json!({ "prompt": prompt, "numImages": 1 })).await["status"], "completed");
    }
    let told: Vec<String> = product.fal().ledger().iter().map(weights).collect();
    assert_eq!(told[0], told[1], "fal keeps weights by the text of their address");
    assert_ne!(told[1], told[2]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_costume_app_is_told_what_is_wrong() {
    let (product, lora) = start().await;
    for (fields, pointer) in [
        (json!({ "num_images": 5 }), "/num_images"),
        (json!({ "num_images": 0 }), "/num_images"),
        (json!({ "num_images": "4" }), "/num_images"),
        (json!({ "numImages": 4 }), "/numImages"),
        (json!({ "image_size": "portrait" }), "/image_size"),
        (json!({ "image_size": { "width": 10, "height": 1024 } }), "/image_size/width"),
        (json!({ "loraId": 0 }), "/loraId"),
        (json!({ "loraId": "one" }), "/loraId"),
        (json!({ "prompt": "smiling" }), "/prompt"),
        (json!({ "prompt": "74828, nude, in a haunted house" }), "/prompt"),
    ] {
        let (status, problem) = answer(call(&product, &lora, &fields)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{fields}: {problem}");
    }
    let unknown = answer(call(&product, &json!(99), &json!({}))).await;
    assert_eq!((unknown.0.as_u16(), &unknown.1["detail"]), (404, &json!("there is no such LoRA")));
    product.create_project("elsewhere", "elsewhere-key").await;
    let stranger = product.http.post(format!("{}{APP}", product.stack().url())).bearer_auth("elsewhere-key");
    let (status, problem) = answer(stranger.json(&json!({ "prompt": PROMPT, "loraId": lora }))).await;
    assert_eq!((status, &problem["detail"]), (unknown.0, &unknown.1["detail"]), "a stranger learns nothing");
    let uploading = product.register("ada", safetensors().len()).await;
    let (status, problem) = answer(call(&product, &uploading["loraId"], &json!({}))).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/loraId")), "{problem}");
    assert!(product.fal().ledger().is_empty(), "nothing of this was tried");
    let key = product.store().lora(LoraId::try_from(lora.as_u64().unwrap()).unwrap()).await.unwrap().unwrap().value.key;

    product.fault(Fault::Drawing(DrawingFault::BlackFrame));
    let (status, problem) = answer(call(&product, &lora, &json!({}))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("content_refused")), "{problem}");
    assert_eq!(problem["retryable"], false, "{problem}");
    assert!(!problem.to_string().contains(&key), "{problem}");
    // A page in place of a picture is no verdict: the picture is asked for again, after the caller's wait.
    product.fault(Fault::File(FileFault::Html));
    let (status, body) = answer(call(&product, &lora, &json!({}))).await;
    assert_eq!(status.as_u16(), 202, "{body}");
    let job = product.ended(body["jobId"].as_str().unwrap()).await;
    assert_eq!(job["status"], "completed", "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_portrait_is_said() {
    let (product, lora) = start().await;
    let chosen = |fields: Value| {
        let mut choices = json!({ "typeOfShot": "close-up", "costume": "witch", "background": "attic" });
        choices.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "prompt": null, "choices": choices })
    };
    for id in ["bo", "cy"] {
        let person = product.request(Method::PUT, &format!("/api/v1/projects/demo/people/{id}")).json(&json!({}));
        assert_eq!(answer(person).await.0, StatusCode::OK);
    }
    product.lora_of("bo").await;
    let of_bo = |fields: Value| {
        let mut body = chosen(fields);
        body["personId"] = json!("bo");
        body
    };
    for (fields, status, pointer, detail) in [
        (json!({ "personId": null }), 400, "/personId", "one of the two"),
        (json!({ "loraId": lora }), 400, "/loraId", "cannot be combined with personId"),
        (json!({ "personId": "a/b" }), 400, "/personId", "a person id"),
        (json!({ "personId": "nobody" }), 422, "/personId", "no person of this project"),
        (json!({ "personId": "cy" }), 422, "/personId", "has no LoRA"),
        (json!({ "personId": null, "loraId": 99 }), 422, "/loraId", "no LoRA of this project"),
        (json!({ "prompt": null }), 400, "/prompt", "one of the two"),
        (json!({ "choices": chosen(json!({}))["choices"] }), 400, "/choices", "cannot be combined with prompt"),
        (json!({ "prompt": "short" }), 400, "/prompt", "10 to 1000"),
        (chosen(json!({ "costume": "" })), 400, "/choices/costume", "and has 0"),
        (chosen(json!({ "background": "a nude beach" })), 400, "/choices/background", "nude"),
        (chosen(json!({ "age": 131 })), 400, "/choices/age", "0 to 130"),
        (chosen(json!({ "mood": "dark" })), 400, "/choices/mood", "not a known field"),
        (of_bo(json!({ "gender": "man" })), 422, "/choices/age", "neither given nor known"),
        (of_bo(json!({ "age": 40 })), 422, "/choices/gender", "neither given nor known"),
        (of_bo(json!({ "age": 40, "gender": "man" })), 422, "/choices/triggerWord", "neither given nor known"),
        (json!({ "numImages": 5 }), 400, "/numImages", "1 to 4"),
        (json!({ "imageSize": "tall" }), 400, "/imageSize", "portrait_16_9"),
        (json!({ "scale": 4.5 }), 400, "/scale", "0 to 4"),
        (json!({ "model": "flux-dev" }), 422, "/model", "no portraits from a LoRA"),
        (json!({ "steps": 51 }), 422, "/steps", "1 to 50"),
    ] {
        let (answered, body) = answer(portrait(&product, &fields)).await;
        let error = &body["errors"][0];
        assert_eq!((answered.as_u16(), &error["pointer"]), (status, &json!(pointer)), "{fields}: {body}");
        assert!(error["detail"].as_str().unwrap().contains(detail), "{body}");
    }
    assert!(product.fal().ledger().is_empty(), "nothing of this was tried");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_portraits_the_good_ones_stay_and_the_refused_one_costs_nothing() {
    let (product, _) = start().await;
    product.fault(Fault::Drawing(DrawingFault::BlackFrameOf { image: 1 }));
    let flagged = made(&product, json!({})).await;
    assert_eq!((&flagged["status"], &flagged["error"]["code"]), (&json!("partial"), &json!("content_refused")));
    let images = flagged["result"]["images"].as_array().unwrap();
    assert_eq!((images.len(), records(&product, &flagged).await.len()), (3, 3));
    assert_eq!(flagged["cost"]["settled"], 0.105, "three of four: {flagged}");
    assert_eq!(flagged["shots"][0]["attempts"][0]["providerCost"], 0.14, "what fal bills stays visible");
    assert_eq!(flagged["shots"][0]["error"]["detail"], "fal's safety checker flagged 1 of 4 images");

    // Another fault than a refusal was made and is billed.
    product.fault(Fault::File(FileFault::HtmlOf { image: 0 }));
    product.fault(Fault::Drawing(DrawingFault::BlackFrameOf { image: 3 }));
    let mixed = made(&product, json!({})).await;
    assert_eq!((&mixed["status"], &mixed["error"]["code"]), (&json!("partial"), &json!("not_an_image")), "{mixed}");
    assert_eq!(mixed["result"]["images"].as_array().unwrap().len(), 2);
    assert_eq!(mixed["cost"]["settled"], 0.105);

    // None is left.
    product.fault(Fault::File(FileFault::Html));
    product.fault(Fault::Drawing(DrawingFault::BlackFrameOf { image: 0 }));
    let none = made(&product, json!({})).await;
    assert_eq!((&none["status"], &none["error"]["code"]), (&json!("failed"), &json!("not_an_image")), "{none}");
    assert_eq!((&none["result"], &none["cost"]["settled"]), (&Value::Null, &json!(0.105)));
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 5);
    assert_eq!(product.fal().ledger().len(), 3);
    product.finish().await;
}
