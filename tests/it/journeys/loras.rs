//! People and LoRAs: announced, uploaded straight to the bucket, checked, listed.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::StatusCode;
use likeness_core::{clients::bucket::Bucket, config::BucketConfig};
use likeness_domain::{clock::Clock, id::LoraId, lora::LoraState};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const PEOPLE: &str = "/api/v1/projects/demo/people";
const LORAS: &str = "/api/v1/projects/demo/loras";

/// By the machine's clock, which the engine judges signed addresses by.
async fn start() -> Product {
    Product::with(|options| options.clock = Clock::system()).await
}

/// A LoRA of Stable Diffusion XL, as kohya's trainer saves it.
fn of_another_base_model() -> Vec<u8> {
    let header = json!({
        "__metadata__": { "ss_base_model_version": "sdxl_base_v1-0" },
        "lora_unet_down_blocks_1_attentions_0_proj_in.lora_down.weight":
            { "dtype": "F16", "shape": [4], "data_offsets": [0, 8] },
        "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight":
            { "dtype": "F16", "shape": [4], "data_offsets": [8, 16] },
    });
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[7; 16]].concat()
}

/// Two small tensors, as a trainer saves them.
pub(super) fn safetensors() -> Vec<u8> {
    let header = json!({
        "__metadata__": { "ss_base_model_version": "flux1", "format": "pt" },
        "lora_down": { "dtype": "F16", "shape": [2, 4], "data_offsets": [0, 16] },
        "lora_up": { "dtype": "F16", "shape": [4, 2], "data_offsets": [16, 32] },
    });
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[7; 32]].concat()
}

impl Product {
    pub(super) async fn put_person(&self, id: &str) -> Value {
        let body = json!({ "triggerWord": "74828", "age": 36, "gender": "woman" });
        let (status, person) = answer(self.request(Method::PUT, &format!("{PEOPLE}/{id}")).json(&body)).await;
        assert_eq!(status, StatusCode::OK, "{person}");
        person
    }

    /// Announces a LoRA; returns the answer.
    pub(super) async fn register(&self, person: &str, bytes: usize) -> Value {
        let body = json!({ "personId": person, "bytes": bytes, "fileName": "Ada.safetensors" });
        let (status, lora) = answer(self.request(Method::POST, LORAS).json(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{lora}");
        lora
    }

    /// Uploads as the answer says.
    async fn upload(&self, lora: &Value, file: &[u8]) {
        let upload = &lora["upload"];
        let method = upload["method"].as_str().unwrap().parse().unwrap();
        let mut request = self.http.request(method, upload["url"].as_str().unwrap()).body(file.to_vec());
        for (name, value) in upload["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }

    async fn complete(&self, lora: &Value) -> (u16, Value) {
        let path = format!("{LORAS}/{}/complete", lora["loraId"]);
        let (status, body) = answer(self.request(Method::POST, &path)).await;
        (status.as_u16(), body)
    }

    /// Registers, uploads and completes; returns the LoRA's id.
    pub(super) async fn lora_of(&self, person: &str) -> Value {
        let lora = self.register(person, safetensors().len()).await;
        self.upload(&lora, &safetensors()).await;
        assert_eq!(self.complete(&lora).await.0, 200);
        lora["loraId"].clone()
    }
}

fn ids(page: &Value) -> Vec<Value> {
    page["loras"].as_array().unwrap().iter().map(|lora| lora["loraId"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lora_is_announced_uploaded_and_checked() {
    let product = start().await;
    insta::assert_json_snapshot!(product.put_person("ada").await, {
        ".createdAt" => "[time]", ".updatedAt" => "[time]"
    }, @r#"
    {
      "age": 36,
      "createdAt": "[time]",
      "gender": "woman",
      "latestLoraId": null,
      "name": null,
      "personId": "ada",
      "triggerWord": "74828",
      "updatedAt": "[time]"
    }
    "#);
    let file = safetensors();
    let announced = product.register("ada", file.len()).await;
    insta::assert_json_snapshot!(announced, {
        ".createdAt" => "[time]", ".uploadUntil" => "[time]", ".upload.expiresAt" => "[time]", ".upload.url" => "[url]"
    }, @r#"
    {
      "bytes": 231,
      "createdAt": "[time]",
      "loraId": 1,
      "personId": "ada",
      "status": "uploading",
      "triggerWord": null,
      "upload": {
        "expiresAt": "[time]",
        "headers": {
          "content-length": "231",
          "content-type": "application/octet-stream"
        },
        "method": "PUT",
        "url": "[url]"
      },
      "uploadUntil": "[time]"
    }
    "#);
    let (status, problem) = product.complete(&announced).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");

    product.upload(&announced, &file).await;
    let (status, ready) = product.complete(&announced).await;
    assert_eq!(status, 200, "{ready}");
    insta::assert_json_snapshot!(ready, { ".createdAt" => "[time]", ".readyAt" => "[time]" }, @r#"
    {
      "baseModel": "flux1",
      "bytes": 231,
      "createdAt": "[time]",
      "loraId": 1,
      "metadata": {
        "ss_base_model_version": "flux1"
      },
      "personId": "ada",
      "readyAt": "[time]",
      "status": "ready",
      "tensors": 2,
      "triggerWord": null
    }
    "#);
    assert_eq!(product.complete(&announced).await, (200, ready.clone()), "a repetition changes nothing");
    assert_eq!(product.get(&format!("{LORAS}/1")).await, ready);
    assert_eq!(product.get(&format!("{PEOPLE}/ada")).await["latestLoraId"], 1);

    // What a generation does: reads the record, and hands fal a signed address, although the bucket is public.
    let lora = product.store().lora(LoraId::try_from(1).unwrap()).await.unwrap().unwrap().value;
    assert!(!ready.to_string().contains(&lora.key) && !announced["loraId"].is_null());
    let bucket = Bucket::new(BucketConfig::from_env(product.stack().env()).unwrap());
    let [lifetime, window] = [6, 1].map(jiff::SignedDuration::from_hours);
    let signed = bucket.signed_get(&lora.key, lifetime, window, Clock::system().now()).await.unwrap();
    assert!(signed.url.contains("X-Amz-Signature"), "{}", signed.url);
    let read = product.http.get(signed.url).send().await.unwrap();
    assert_eq!((read.status(), read.bytes().await.unwrap().to_vec()), (StatusCode::OK, file));
    assert_eq!(bucket.head("loras/ada/nothing").await.unwrap(), None);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_checked_cannot_be_replaced_by_whoever_has_the_address_to_upload_to() {
    let product = start().await;
    product.put_person("ada").await;
    let file = safetensors();
    let announced = product.register("ada", file.len()).await;
    product.upload(&announced, &file).await;
    assert_eq!(product.complete(&announced).await.0, 200);
    // The address is good for an hour.
    product.upload(&announced, &vec![0x80; file.len()]).await;
    let lora = product.store().lora(LoraId::try_from(1).unwrap()).await.unwrap().unwrap().value;
    let bucket = Bucket::new(BucketConfig::from_env(product.stack().env()).unwrap());
    let head = bucket.head(&lora.key).await.unwrap().unwrap();
    let LoraState::Ready { etag, .. } = &lora.state else { panic!("{lora:?}") };
    assert_eq!((head.bytes, &head.etag), (file.len() as u64, etag));
    let read = bucket.read_range(&lora.key, etag, 0, head.bytes).await.unwrap().unwrap();
    assert_eq!(read.to_vec(), file);
    let uploaded_to = announced["upload"]["url"].as_str().unwrap();
    assert_eq!(bucket.key_of(uploaded_to).map(|key| key == lora.key), Some(false), "{uploaded_to}");

    // Whoever looks at one file is not given another.
    assert_eq!(bucket.read_range(&lora.key, "another", 0, 7).await.unwrap(), None);
    assert_eq!(bucket.copy(&lora.key, "another", "loras/ada/copy").await.unwrap(), None);
    assert_eq!(bucket.head("loras/ada/copy").await.unwrap(), None);
    assert_eq!(bucket.copy("loras/ada/nothing", etag, "loras/ada/copy").await.unwrap(), None);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_the_newest_lora_that_can_be_used() {
    let product = start().await;
    product.put_person("ada").await;
    let latest = async || product.get(&format!("{PEOPLE}/ada")).await["latestLoraId"].clone();
    assert_eq!(latest().await, Value::Null);
    let (older, newer) = (product.register("ada", 1).await, product.register("ada", safetensors().len()).await);
    product.upload(&newer, &safetensors()).await;
    assert_eq!((product.complete(&newer).await.0, latest().await), (200, json!(2)));
    product.upload(&older, b"x").await;
    assert_eq!((product.complete(&older).await.0, latest().await), (422, json!(2)), "a bad one is nobody's latest");
    let (slow, quick) =
        (product.register("ada", safetensors().len()).await, product.register("ada", safetensors().len()).await);
    for (lora, expected) in [(&quick, 4), (&slow, 4)] {
        product.upload(lora, &safetensors()).await;
        assert_eq!((product.complete(lora).await.0, latest().await), (200, json!(expected)));
    }
    let person = product.put_person("ada").await;
    assert_eq!(person["latestLoraId"], 4, "kept when the rest is written anew");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loras_made_at_once_have_numbers_of_their_own_and_the_greatest_is_the_latest() {
    let product = start().await;
    product.put_person("ada").await;
    let file = safetensors();
    let announced = join_all((0..4).map(|_| product.register("ada", file.len()))).await;
    let numbers: BTreeSet<_> = announced.iter().map(|lora| lora["loraId"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 4, "{announced:?}");
    join_all(announced.iter().map(|lora| product.upload(lora, &file))).await;
    for (status, lora) in join_all(announced.iter().map(|lora| product.complete(lora))).await {
        assert_eq!(status, 200, "{lora}");
    }
    assert_eq!(product.get(&format!("{PEOPLE}/ada")).await["latestLoraId"], json!(numbers.last().unwrap()));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_is_refused_for_good_and_says_why() {
    let product = start().await;
    product.put_person("ada").await;
    let whole = safetensors();
    let files: Vec<(Vec<u8>, usize)> = vec![
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), 15),
        ([&20_u64.to_le_bytes(), "{\"a\": not JSON at all".as_bytes()].concat(), 29),
        (whole[..whole.len() - 5].to_vec(), whole.len() - 5),
        (whole[..4].to_vec(), 4),
        (of_another_base_model(), of_another_base_model().len()),
    ];
    let mut reasons = Vec::new();
    for (file, announced) in files {
        let lora = product.register("ada", announced).await;
        product.upload(&lora, &file).await;
        let (status, problem) = product.complete(&lora).await;
        assert_eq!((status, &problem["code"]), (422, &json!("unprocessable")), "{problem}");
        let rejected = product.get(&format!("{LORAS}/{}", lora["loraId"])).await;
        let reason = rejected["reason"].as_str().unwrap().to_owned();
        let told = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(told.starts_with(&reason) && rejected["status"] == "rejected", "{problem} {rejected}");
        assert_eq!(product.complete(&lora).await.0, 422, "a better file is another LoRA");
        reasons.push(reason);
    }
    insta::assert_snapshot!(reasons.join("\n"), @r"
    this is a PyTorch pickle (.pt/.ckpt/.bin), which can run code: convert it to .safetensors
    the header is not JSON: the file is damaged, or no .safetensors file
    the file has 226 bytes and its header describes 231: it was cut off, take the whole file
    the file has 4 bytes, which is too short for a .safetensors file: take the whole file
    this LoRA was trained for Stable Diffusion XL, and portraits are made with FLUX.1: train it for FLUX.1 (dev)
    ");
    assert_eq!(product.get(&format!("{PEOPLE}/ada")).await["latestLoraId"], Value::Null);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_sees_no_lora_and_wrong_fields_are_pointed_at() {
    let product = start().await;
    product.put_person("ada").await;
    let lora = product.lora_of("ada").await;
    product.create_project("other", "other-key").await;
    for (method, path) in [
        (Method::GET, format!("/api/v1/projects/other/loras/{lora}")),
        (Method::POST, format!("/api/v1/projects/other/loras/{lora}/complete")),
        (Method::GET, "/api/v1/projects/other/people/ada".to_owned()),
        (Method::GET, format!("{LORAS}/{lora}")),
        (Method::GET, format!("{PEOPLE}/ada")),
    ] {
        let request = product.http.request(method, format!("{}{path}", product.stack().url()));
        let (status, problem) = answer(request.bearer_auth("other-key")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {problem}");
    }
    for id in ["0", "01", "99", "ada", "-1"] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{LORAS}/{id}"))).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not_found")), "{id}");
    }
    for (body, pointer) in [
        (json!({ "personId": "nobody", "bytes": 9 }), "/personId"),
        (json!({ "personId": "a/b", "bytes": 9 }), "/personId"),
        (json!({ "personId": "ada" }), "/bytes"),
        (json!({ "personId": "ada", "bytes": 0 }), "/bytes"),
        (json!({ "personId": "ada", "bytes": (2_u64 << 30) + 1 }), "/bytes"),
        (json!({ "personId": "ada", "bytes": 9, "fileName": "ada.pt" }), "/fileName"),
        (json!({ "personId": "ada", "bytes": 9, "triggerWord": "" }), "/triggerWord"),
        (json!({ "personId": "ada", "bytes": 9, "key": "x" }), "/key"),
    ] {
        let (status, problem) = answer(product.request(Method::POST, LORAS).json(&body)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {problem}");
    }
    for (body, pointer) in [
        (json!({ "age": 131 }), "/age"),
        (json!({ "age": -1 }), "/age"),
        (json!({ "name": "" }), "/name"),
        (json!({ "gender": "x".repeat(51) }), "/gender"),
        (json!({ "latestLoraId": 1 }), "/latestLoraId"),
    ] {
        let (status, problem) = answer(product.request(Method::PUT, &format!("{PEOPLE}/bo")).json(&body)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {problem}");
    }
    assert_eq!(product.get(PEOPLE).await["people"].as_array().unwrap().len(), 1, "nobody came into being");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loras_are_listed_newest_first_and_people_by_id_in_pages() {
    let product = start().await;
    for person in ["cy", "ada", "bo"] {
        product.put_person(person).await;
    }
    for person in ["ada", "bo", "ada", "bo", "ada", "ada", "ada", "ada", "ada", "ada"] {
        product.register(person, 9).await;
    }
    let all = product.get(LORAS).await;
    assert_eq!(ids(&all), (1..=10).rev().map(|id| json!(id)).collect::<Vec<_>>());
    assert_eq!((&all["hasMore"], &all["loras"][0]["status"]), (&json!(false), &json!("uploading")));
    let first = product.get(&format!("{LORAS}?personId=bo&limit=1")).await;
    assert_eq!((ids(&first), &first["hasMore"]), (vec![json!(4)], &json!(true)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = product.get(&format!("{LORAS}?personId=bo&limit=1&cursor={cursor}")).await;
    assert_eq!((ids(&second), &second["nextCursor"]), (vec![json!(2)], &Value::Null));
    assert_eq!(ids(&product.get(&format!("{LORAS}?personId=cy")).await), Vec::<Value>::new());

    let names = |page: &Value| -> Vec<Value> {
        page["people"].as_array().unwrap().iter().map(|person| person["personId"].clone()).collect()
    };
    let first = product.get(&format!("{PEOPLE}?limit=2")).await;
    assert_eq!((names(&first), &first["hasMore"]), (vec![json!("ada"), json!("bo")], &json!(true)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = product.get(&format!("{PEOPLE}?limit=2&cursor={cursor}")).await;
    assert_eq!((names(&second), &second["nextCursor"]), (vec![json!("cy")], &Value::Null));

    for (query, pointer) in [
        (format!("{LORAS}?personId=a/b"), "/personId"),
        (format!("{LORAS}?personId=ada&cursor={cursor}"), "/cursor"),
        (format!("{PEOPLE}?limit=0"), "/limit"),
    ] {
        let (status, problem) = answer(product.request(Method::GET, &query)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{query}: {problem}");
    }
    product.finish().await;
}
