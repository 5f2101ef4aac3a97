//! The composite: several references in one scene, and what is said of a scene that cannot be made.

use http::{Method, StatusCode};
use likeness_domain::model::{Model, Purchase};
use likeness_fal_emulator::{DrawingFault, Fault, GenerationFault};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const PATH: &str = "/api/v1/projects/demo/images/generate/composite";

/// A finished master reference, always the same picture; returns the image's id.
async fn master(product: &Product, subject: &str, kind: &str, description: &str) -> String {
    let fields = json!({ "subjectId": subject, "subjectType": kind, "description": description, "seed": 5 });
    let job = product.post_master_with(fields).await;
    product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned()
}

async fn keeper(product: &Product) -> String {
    master(product, "keeper", "character", "a lighthouse keeper in a yellow raincoat and yellow trousers").await
}

async fn wizard(product: &Product) -> String {
    master(product, "wizard", "character", "a bearded wizard in a purple coat and purple trousers").await
}

async fn harbour(product: &Product) -> String {
    master(product, "harbour", "location", "establishing view of a harbour in fog").await
}

/// A request for a scene, with other fields set or changed.
fn scene(product: &Product, fields: &Value) -> RequestBuilder {
    let mut body = json!({ "description": "the two meet at the end of the pier" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    product.request(Method::POST, PATH).json(&body)
}

/// The job of a scene, once it has ended.
async fn made(product: &Product, fields: Value) -> Value {
    let (status, body) = answer(scene(product, &fields)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    product.ended(body["jobId"].as_str().unwrap()).await
}

fn score(job: &Value, image: &str) -> f64 {
    let score = job["result"]["consistencyScores"][image].as_f64();
    score.unwrap_or_else(|| panic!("no score of {image}: {}", job["result"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_characters_meet_in_a_place() {
    let product = Product::start().await;
    let (keeper, wizard, harbour) = (keeper(&product).await, wizard(&product).await, harbour(&product).await);
    let before = product.fal().ledger().len();
    let fields = json!({
        "references": {
            "characters": [
                { "referenceId": keeper, "position": "left", "pose": "waving a lantern" },
                { "referenceId": wizard, "position": { "x": 0.8, "y": 0.6 }, "scale": 0.5 },
            ],
            "location": harbour,
        },
        "lighting": "soft morning light",
        "cameraAngle": { "angle": "low angle", "lens": "35mm lens" },
        "composition": "full-body",
        "seed": 11,
    });
    let job = made(&product, fields).await;
    assert_eq!((&job["status"], &job["type"]), (&json!("completed"), &json!("composite")), "{job}");
    let result = &job["result"];
    insta::assert_json_snapshot!(result["layers"], {
        "[].reference" => "[image]", "[].score" => "[score]", "[].palette" => "[palette]", "[].box[]" => "[part]"
    }, @r#"
    [
      {
        "box": [
          "[part]",
          "[part]",
          "[part]",
          "[part]"
        ],
        "palette": "[palette]",
        "position": "on the left side of the frame",
        "reference": "[image]",
        "scale": 1.0,
        "score": "[score]",
        "slot": "character-0",
        "state": "found"
      },
      {
        "box": [
          "[part]",
          "[part]",
          "[part]",
          "[part]"
        ],
        "palette": "[palette]",
        "position": "on the right side of the frame, 80% from the left and 60% from the top",
        "reference": "[image]",
        "scale": 0.5,
        "score": "[score]",
        "slot": "character-1",
        "state": "found"
      },
      {
        "box": null,
        "palette": "[palette]",
        "reference": "[image]",
        "score": "[score]",
        "slot": "location"
      }
    ]
    "#);
    let images = [&keeper, &wizard, &harbour];
    let layers = result["layers"].as_array().unwrap().iter();
    for (layer, image) in layers.zip(images) {
        let score = score(&job, image);
        assert!((0.0..=1.0).contains(&score) && score > 0.5, "it is drawn with {image}: {result}");
        assert_eq!((&layer["reference"], &layer["score"]), (&json!(image), &json!(score)));
    }
    assert_eq!(result["consistencyScores"].as_object().unwrap().len(), 3);
    // fal rounds up to what its model can do.
    assert_eq!((&result["images"][0]["width"], &result["images"][0]["height"]), (&json!(1920), &json!(1088)));
    let shot = result["mediaId"].as_str().unwrap();
    let listed = product.get("/api/v1/projects/demo/images?imageType=composite-shot").await;
    assert_eq!((&listed["total"], &listed["images"][0]["mediaId"]), (&json!(1), &json!(shot)));

    let (store, demo) = (product.store(), "demo".parse().unwrap());
    let used = store.related_from(&demo, shot).await.unwrap();
    let mut expected = images.map(|image| ("USES_REFERENCE".to_owned(), image.clone()));
    expected.sort();
    assert_eq!(used, expected);
    for image in images {
        let uses = store.related_to(&demo, image).await.unwrap();
        assert!(uses.contains(&("USES_REFERENCE".to_owned(), shot.to_owned())), "{uses:?}");
    }

    let sent = product.fal().ledger().split_off(before);
    assert_eq!((sent.len(), sent[0].endpoint.as_str()), (1, "fal-ai/flux-2/edit"));
    let input = &sent[0].input;
    for (url, subject) in input["image_urls"].as_array().unwrap().iter().zip(["keeper", "wizard", "harbour"]) {
        let url = url.as_str().unwrap();
        assert!(url.contains(&format!("/references/{subject}/")) && url.contains("X-Amz-Signature="), "{url}");
    }
    assert_eq!(input.to_string().matches("http").count(), 3, "no address but the three: {input}");
    assert_eq!(input["image_size"], json!({ "width": 1920, "height": 1080 }));
    let prompt = input["prompt"].as_str().unwrap();
    for words in [
        "the two meet at the end of the pier, the character of image 1 (a lighthouse keeper",
        "on the left side of the frame, waving a lantern; the character of image 2 (a bearded wizard",
        "at 50% of natural size",
        "set in the place of image 3 (establishing view of a harbour in fog",
        "full body shot, complete figure visible, low angle, 35mm lens, soft morning light, ",
    ] {
        assert!(prompt.contains(words), "{words:?} is missing: {prompt}");
    }
    let model = Model::by_id("flux-2-edit").unwrap();
    let bought = Purchase { width: 1920, height: 1080, images: 1, references: 3 };
    let cost = model.cost(bought).unwrap();
    assert_eq!(model.cost_of_units(sent[0].billable_units), Some(cost), "the table and fal's bill agree");
    assert_eq!((&job["cost"]["settled"], cost.dollars()), (&json!(0.06), 0.06));
    assert!(job["cost"]["reserved"].as_f64().unwrap() >= 0.06);
    product.finish().await;
}

/// A scene of keeper, left, and wizard, right, that meets `fault`.
async fn meeting(product: &Product, keeper: &str, wizard: &str, seed: u32, fault: Option<DrawingFault>) -> Value {
    if let Some(fault) = fault {
        product.fault(Fault::Drawing(fault));
    }
    let characters = json!([
        { "referenceId": keeper, "position": { "x": 0.25, "y": 0.55 } },
        { "referenceId": wizard, "position": { "x": 0.75, "y": 0.55 } },
    ]);
    made(product, json!({ "references": { "characters": characters }, "seed": seed })).await
}

fn states(job: &Value) -> Vec<&Value> {
    job["result"]["layers"].as_array().unwrap().iter().map(|layer| &layer["state"]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_missing_or_in_anothers_place_is_told() {
    let product = Product::start().await;
    let (keeper, wizard) = (keeper(&product).await, wizard(&product).await);
    let right = meeting(&product, &keeper, &wizard, 5, None).await;
    assert_eq!((states(&right), &right["needsReview"]), (vec![&json!("found"), &json!("found")], &Value::Null));
    for (layer, middle) in right["result"]["layers"].as_array().unwrap().iter().zip([0.25, 0.75]) {
        let place: Vec<f64> = serde_json::from_value(layer["box"].clone()).unwrap();
        assert!((place[0] + place[2] / 2.0 - middle).abs() < 0.1, "{layer}");
        assert!(layer["score"].as_f64().unwrap() >= 0.7, "{layer}");
    }

    let without = meeting(&product, &keeper, &wizard, 6, Some(DrawingFault::SceneMissing { character: 1 })).await;
    assert_eq!((states(&without), &without["needsReview"]), (vec![&json!("found"), &json!("missing")], &json!(true)));
    assert_eq!((&without["status"], &without["result"]["layers"][1]["box"]), (&json!("completed"), &Value::Null));

    let swapped =
        meeting(&product, &keeper, &wizard, 7, Some(DrawingFault::SceneSwapped { first: 0, second: 1 })).await;
    assert_eq!((states(&swapped), &swapped["needsReview"]), (vec![&json!("swapped"); 2], &json!(true)));
    let report = product.get(&format!("/api/v1/projects/demo/reports/{}", swapped["reportId"].as_str().unwrap())).await;
    assert_eq!((&report["passed"], &report["report"]["images"][0]["slots"][0]["with"]), (&json!(false), &json!(1)));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_images_choose_the_model_that_follows_them() {
    let product = Product::start().await;
    let (keeper, wizard) = (keeper(&product).await, wizard(&product).await);
    let fields = json!({
        "references": { "characters": [{ "referenceId": keeper }] },
        "controlImages": [{ "image": wizard, "mode": "pose" }, { "image": wizard, "mode": "canny", "strength": 1.5 }],
        "negativePrompt": "hat",
        "resolution": { "width": 1024, "height": 768 },
        "variations": 2,
    });
    let job = made(&product, fields).await;
    assert_eq!((&job["status"], &job["ignoredParameters"]), (&json!("completed"), &json!([])), "{job}");
    let sent: Vec<_> = product.fal().ledger().into_iter().filter(|sent| sent.endpoint.contains("general")).collect();
    assert_eq!((sent.len(), sent[0].endpoint.as_str()), (2, "fal-ai/flux-general"));
    let input = &sent[0].input;
    let union = &input["controlnet_unions"][0];
    assert_eq!(union["path"], "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro");
    for (control, mode, scale) in [(&union["controls"][0], "pose", 0.7), (&union["controls"][1], "canny", 1.5)] {
        assert_eq!((&control["control_mode"], &control["conditioning_scale"]), (&json!(mode), &json!(scale)));
        let url = control["control_image_url"].as_str().unwrap();
        assert!(url.contains("/references/wizard/") && url.contains("X-Amz-Signature="), "{url}");
    }
    assert!(input["reference_image_url"].as_str().unwrap().contains("/references/keeper/"), "{input}");
    assert_eq!((&input["negative_prompt"], &input["image_size"]["width"]), (&json!("hat"), &json!(1024)));
    // One megapixel each.
    assert_eq!(job["cost"]["settled"], 0.15);
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 2);
    let shot = job["result"]["mediaId"].as_str().unwrap();
    let used = product.store().related_from(&"demo".parse().unwrap(), shot).await.unwrap();
    assert_eq!(used.len(), 2, "who is shown, and what it is laid out by: {used:?}");
    product.finish().await;
}

/// Scenes that are refused whatever is in the table: fields, status, pointer, words of the detail.
fn wrong(keeper: &str) -> Vec<(Value, u16, &'static str, &'static str)> {
    let with = |fields: Value| {
        let mut character = json!({ "referenceId": keeper });
        character.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "references": { "characters": [character] } })
    };
    let and = |name: &str, value: Value| json!({ "references": { "location": keeper }, name: value });
    let url = |number: usize| format!("https://images.example.com/{number}.png");
    let props = |count: usize| json!({ "references": { "props": (0..count).map(url).collect::<Vec<_>>() } });
    let crowd: Vec<_> = (0..11).map(|number| json!({ "referenceId": url(number) })).collect();
    let control = |fields: Value| and("controlImages", json!([fields]));
    vec![
        (json!({}), 400, "/references", "is missing"),
        (json!({ "references": {} }), 400, "/references", "add at least one"),
        (json!({ "references": { "character": [] } }), 400, "/references/character", "not a known field"),
        (json!({ "references": { "characters": crowd } }), 400, "/references/characters", "at most 10"),
        (props(11), 400, "/references/props", "at most 10"),
        (props(5), 422, "/references", "flux-2-edit takes 4; nano-banana-2-edit, seedream-edit take as many"),
        (with(json!({ "referenceId": "keeper" })), 400, "/references/characters/0/referenceId", "an image id"),
        (with(json!({ "scale": 0 })), 400, "/references/characters/0/scale", "must be greater than 0"),
        (with(json!({ "scale": 4.1 })), 400, "/references/characters/0/scale", "at most 4"),
        (with(json!({ "position": { "x": 1.5, "y": 0 } })), 400, "/references/characters/0/position/x", "0 to 1"),
        (with(json!({ "position": { "x": 0.5, "y": -1 } })), 400, "/references/characters/0/position/y", "0 to 1"),
        (with(json!({ "position": { "x": 0.5 } })), 400, "/references/characters/0/position/y", "is missing"),
        (with(json!({ "position": "" })), 400, "/references/characters/0/position", "and has 0"),
        (with(json!({ "position": "nude, left" })), 400, "/references/characters/0/position", "nude"),
        (with(json!({ "pose": "x".repeat(201) })), 400, "/references/characters/0/pose", "1 to 200"),
        (with(json!({ "pose": "nude" })), 400, "/references/characters/0/pose", "nude"),
        (and("description", json!("a nude keeper")), 400, "/description", "nude"),
        (and("lighting", json!("nude")), 400, "/lighting", "nude"),
        (and("lighting", json!({ "mood": "nude" })), 400, "/lighting/mood", "nude"),
        (and("lighting", json!({ "colorTemperature": 999 })), 400, "/lighting/colorTemperature", "1000 to 20000"),
        (and("lighting", json!({ "colour": "red" })), 400, "/lighting/colour", "known are type, direction"),
        (and("cameraAngle", json!("x".repeat(101))), 400, "/cameraAngle", "1 to 100"),
        (and("cameraAngle", json!({ "lens": "nude" })), 400, "/cameraAngle/lens", "nude"),
        (and("composition", json!("wide")), 400, "/composition", "full-body"),
        (and("resolution", json!({ "width": 63, "height": 4097 })), 400, "/resolution/width", "64 to 4096"),
        (and("variations", json!(5)), 400, "/variations", "1 to 4"),
        (and("model", json!("flux-dev")), 422, "/references", "flux-dev takes 0"),
        (control(json!({ "image": keeper, "mode": "tile" })), 400, "/controlImages/0/mode", "canny"),
        (control(json!({ "image": "x", "mode": "pose" })), 400, "/controlImages/0/image", "an image id"),
        (
            control(json!({ "image": keeper, "mode": "pose", "strength": 2.1 })),
            400,
            "/controlImages/0/strength",
            "0 to 2",
        ),
        (
            and("controlImages", json!(vec![json!({ "image": keeper, "mode": "pose" }); 5])),
            400,
            "/controlImages",
            "at most 4",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_scene_is_said() {
    let known = ("IMAGE_KNOWN_HOSTS".to_owned(), "images.example.com=93.184.216.34".to_owned());
    let product = Product::with(|options| options.environment.push(known)).await;
    let keeper = keeper(&product).await;
    let refused = async |request: RequestBuilder, status: u16, pointer: &str, detail: &str| {
        let (answered, body) = answer(request).await;
        assert_eq!((answered.as_u16(), &body["errors"][0]["pointer"]), (status, &json!(pointer)), "{body}");
        let said = body["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{said}");
        body
    };
    for (fields, status, pointer, detail) in wrong(&keeper) {
        refused(scene(&product, &fields), status, pointer, detail).await;
    }
    let one = |image: &str| json!({ "references": { "characters": [{ "referenceId": image }] } });
    let place = "/references/characters/0/referenceId";
    let unknown = format!("{}9", keeper.trim_end_matches('0'));
    refused(scene(&product, &one(&unknown)), 422, place, "is no image of this project").await;
    refused(scene(&product, &one("$hero")), 422, place, "no workflow").await;

    product.create_project("elsewhere", "elsewhere-key").await;
    let stranger = product.http.post(format!("{}{}", product.stack().url(), PATH.replace("demo", "elsewhere")));
    let mut body = one(&keeper);
    body["description"] = json!("the keeper of somebody else");
    let stranger = stranger.bearer_auth("elsewhere-key").json(&body);
    refused(stranger, 422, place, "is no image of this project").await;
    let jobs = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap().jobs;
    assert_eq!(jobs, 1, "the master's, and none of a scene");

    product.fault(Fault::Generation(GenerationFault::NeverFinish));
    let slow = product.post_master_with(json!({ "subjectId": "slow" })).await;
    product.stack().settle().await;
    let body = refused(scene(&product, &one(&slow)), 409, place, "still being made").await;
    assert_eq!((&body["code"], &body["retryable"]), (&json!("reference_not_ready"), &json!(true)));
    product.ended(&slow).await;
    assert_eq!(made(&product, one(&slow)).await["status"], "completed", "once it is there");
    product.finish().await;
}
