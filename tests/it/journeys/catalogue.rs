//! What there is to choose from and what has become of it: models, templates, collections, relations.

use http::{Method, StatusCode};
use likeness_domain::model::Model;
use serde_json::{Value, json};

use super::profile::{PATH, master};
use crate::harness::{Product, answer};

const PROJECT: &str = "/api/v1/projects/demo";

/// A view from the front of a master; returns its collection.
async fn front(product: &Product, master: &str, subject: &str) -> String {
    let body = json!({ "masterReferenceId": master, "subjectId": subject, "angles": [0, 90] });
    let request = product.request(Method::POST, PATH).header("cache-control", "no-cache").json(&body);
    let (status, job) = answer(request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = product.ended(job["jobId"].as_str().unwrap()).await;
    job["result"]["collectionId"].as_str().unwrap().to_owned()
}

/// What somebody with no part in the project is told.
async fn as_stranger(product: &Product, path: &str) -> StatusCode {
    let url = format!("{}{path}", product.stack().url());
    answer(product.http.get(url).bearer_auth("rival-key")).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_are_told_with_what_they_take_and_cost() {
    let product = Product::start().await;
    let list = product.get("/api/v1/models").await;
    let models = list["models"].as_array().unwrap();
    let ids: Vec<_> = models.iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, Model::all().iter().map(|model| model.id.as_str()).collect::<Vec<_>>());
    let model = |id: &str| models.iter().find(|model| model["id"] == id).unwrap();
    insta::assert_json_snapshot!(model("flux-2-edit"), @r#"
    {
      "angle": false,
      "controlImages": false,
      "defaultFor": [
        "masterWithReferences",
        "profileHigh",
        "composite"
      ],
      "endpoint": "fal-ai/flux-2/edit",
      "fallback": "kontext-multi",
      "guidance": {
        "default": 2.5,
        "max": 20.0,
        "min": 0.0
      },
      "id": "flux-2-edit",
      "maxImages": 4,
      "maxLoras": 0,
      "negativePrompt": false,
      "outputFormats": [
        "jpeg",
        "png",
        "webp"
      ],
      "price": {
        "asOf": "2026-10-02",
        "inputsBilled": true,
        "source": "community report",
        "unit": "megapixel",
        "usd": 0.012
      },
      "prompt": true,
      "references": {
        "max": 4,
        "required": true
      },
      "seed": true,
      "size": {
        "by": "pixels",
        "max": 2048,
        "min": 512
      },
      "steps": {
        "default": 28,
        "max": 50,
        "min": 4
      },
      "strength": null
    }
    "#);
    insta::assert_json_snapshot!(model("nano-banana-2-edit")["price"], @r#"
    {
      "asOf": "2026-05-15",
      "inputsBilled": false,
      "source": "fal.ai/learn",
      "tiers": {
        "0.5K": 0.06,
        "2K": 0.12,
        "4K": 0.16
      },
      "unit": "image",
      "usd": 0.08
    }
    "#);
    assert_eq!(model("flux-dev")["defaultFor"], json!(["master"]));
    assert_eq!(model("flux-general")["controlImages"], true);
    assert_eq!(
        (&model("multiple-angles")["prompt"], &model("multiple-angles")["angle"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(model("seedream-edit")["size"]["minPixels"], 3_686_400);
    assert_eq!(model("kontext-pro")["size"]["by"], "ratio");
    let defaults: usize = models.iter().map(|model| model["defaultFor"].as_array().unwrap().len()).sum();
    assert_eq!(defaults, 7, "every kind has one model");

    let keys = json!({ "name": "maker", "scopes": ["generate"] });
    let (_, maker) = answer(product.request(Method::POST, "/api/v1/keys").json(&keys)).await;
    let url = format!("{}/api/v1/models", product.stack().url());
    assert_eq!(answer(product.http.get(&url)).await.0, StatusCode::UNAUTHORIZED);
    let maker = product.http.get(&url).bearer_auth(maker["token"].as_str().unwrap());
    assert_eq!(answer(maker).await.0, StatusCode::FORBIDDEN);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_versions_of_a_template_run_side_by_side_and_are_compared() {
    let product = Product::with(|options| {
        let shares = "master-character@1=50,master-character@2=50";
        options.environment.push(("PROMPT_TEMPLATE_SHARES".to_owned(), shares.to_owned()));
    });
    let product = product.await;
    let mut made: Vec<(String, f64)> = Vec::new();
    for number in 0..8 {
        let job = product.post_master_with(json!({ "subjectId": format!("subject-{number}") })).await;
        let image = product.ended(&job).await["result"]["images"][0].clone();
        let template = image["recipe"]["template"].as_str().unwrap().to_owned();
        let reads_as_second = image["prompt"].as_str().unwrap().starts_with("full body character reference sheet");
        assert_eq!(reads_as_second, template == "master-character@2", "{image}");
        made.push((template, image["qualityScore"].as_f64().unwrap()));
    }
    // A subject keeps its version.
    let job = product.post_master_with(json!({ "subjectId": "subject-0", "seed": 5 })).await;
    let image = product.ended(&job).await["result"]["images"][0].clone();
    assert_eq!(image["recipe"]["template"], made[0].0.as_str());
    made.push((made[0].0.clone(), image["qualityScore"].as_f64().unwrap()));
    // The words of a caller are no template's.
    let again = format!("{PROJECT}/images/{}/regenerate", image["mediaId"].as_str().unwrap());
    let words = json!({ "prompt": "a lighthouse keeper, drawn by hand" });
    let (_, job) = answer(product.request(Method::POST, &again).json(&words)).await;
    product.ended(job["jobId"].as_str().unwrap()).await;

    let list = product.get(&format!("{PROJECT}/templates")).await;
    let told = |template: &str| {
        let templates = list["templates"].as_array().unwrap();
        templates.iter().find(|one| one["template"] == template).unwrap().clone()
    };
    for template in ["master-character@1", "master-character@2"] {
        let scores: Vec<f64> = made.iter().filter(|(name, _)| name == template).map(|(_, score)| *score).collect();
        assert!(!scores.is_empty(), "{template} was never used: {made:?}");
        let told = told(template);
        assert_eq!((&told["share"], &told["images"]), (&json!(50), &json!(scores.len())), "{list}");
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        assert!((told["meanQuality"].as_f64().unwrap() - mean).abs() < 1e-3, "{told} {mean}");
    }
    let unused = json!({ "template": "master-prop@1", "share": 100, "images": 0, "meanQuality": null });
    assert_eq!(told("master-prop@1"), unused);
    product.create_project("rival", "rival-key").await;
    assert_eq!(as_stranger(&product, &format!("{PROJECT}/templates")).await, StatusCode::NOT_FOUND);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_are_listed_newest_first_and_read_with_their_images() {
    let product = Product::start().await;
    let master = master(&product).await;
    let other = product.post_master_with(json!({ "subjectId": "other" })).await;
    let other = product.ended(&other).await["result"]["mediaId"].as_str().unwrap().to_owned();
    let mut made = Vec::new();
    for (master, subject) in [(&master, "keeper"), (&other, "other"), (&master, "keeper")] {
        product.pass(1);
        made.push(front(&product, master, subject).await);
    }
    made.reverse();
    let base = format!("{PROJECT}/collections");
    let ids = |page: &Value| -> Vec<String> {
        let all = page["collections"].as_array().unwrap().iter();
        all.map(|one| one["collectionId"].as_str().unwrap().to_owned()).collect()
    };
    let all = product.get(&base).await;
    assert_eq!((ids(&all), &all["hasMore"]), (made.clone(), &json!(false)));
    let of_keeper = product.get(&format!("{base}?subjectId=keeper&limit=1")).await;
    assert_eq!((ids(&of_keeper), &of_keeper["hasMore"]), (vec![made[0].clone()], &json!(true)));
    let cursor = of_keeper["nextCursor"].as_str().unwrap();
    let rest = product.get(&format!("{base}?subjectId=keeper&limit=1&cursor={cursor}")).await;
    assert_eq!((ids(&rest), &rest["nextCursor"]), (vec![made[2].clone()], &Value::Null));
    assert_eq!(ids(&product.get(&format!("{base}?subjectId=nobody")).await), Vec::<String>::new());

    let whole = product.get(&format!("{base}/{}", made[0])).await;
    let listed = &all["collections"][0];
    for field in ["collectionId", "type", "subjectId", "masterReferenceId", "jobId", "createdAt", "updatedAt"] {
        assert!(!whole[field].is_null() && whole[field] == listed[field], "{field}: {whole}");
    }
    assert_eq!(
        (&whole["type"], &whole["subjectId"], &whole["masterReferenceId"]),
        (&json!("profile-360"), &json!("keeper"), &json!(master))
    );
    let entries: Vec<Value> = whole["images"].as_array().unwrap().iter().map(entry).collect();
    assert_eq!((entries.len(), &json!(entries)), (2, &listed["views"]));
    assert!(whole["images"][0]["url"].as_str().unwrap().starts_with("http"));

    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("subjectId=a/b", "/subjectId"),
        (&format!("cursor={cursor}"), "/cursor"),
        (&format!("subjectId=other&cursor={cursor}"), "/cursor"),
    ] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{base}?{query}"))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{query}: {problem}");
    }
    product.create_project("rival", "rival-key").await;
    for path in [base.clone(), format!("{base}/{}", made[0]), format!("{base}/{}", made[0]).replace("demo", "rival")] {
        assert_eq!(as_stranger(&product, &path).await, StatusCode::NOT_FOUND, "{path}");
    }
    for id in ["col_1", "col_01jd0000000000000000000000", "keeper"] {
        let (status, _) = answer(product.request(Method::GET, &format!("{base}/{id}"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
    }
    product.finish().await;
}

/// An image as the list of collections has it.
fn entry(image: &Value) -> Value {
    json!({ "angle": image["angle"], "mediaId": image["mediaId"], "version": image["version"] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relations_are_read_in_both_directions() {
    let product = Product::start().await;
    let master = master(&product).await;
    let collection = front(&product, &master, "keeper").await;
    let base = format!("{PROJECT}/relations");
    let of = async |id: &str| product.get(&format!("{base}/{id}")).await;
    let keeper = of("keeper").await;
    let expected = json!([
        { "relation": "HAS_360_PROFILE", "to": collection },
        { "relation": "HAS_MASTER_REFERENCE", "to": master },
    ]);
    assert_eq!((&keeper["id"], &keeper["outgoing"], &keeper["incoming"]), (&json!("keeper"), &expected, &json!([])));
    let shown = of(&collection).await;
    assert_eq!(shown["incoming"], json!([{ "relation": "HAS_360_PROFILE", "from": "keeper" }]));
    assert_eq!(shown["outgoing"], json!([]));
    let images = product.get(&format!("{PROJECT}/collections/{collection}")).await;
    let views: Vec<&Value> = images["images"].as_array().unwrap().iter().map(|image| &image["mediaId"]).collect();
    let used = of(&master).await;
    let mut expected = vec![json!({ "relation": "HAS_MASTER_REFERENCE", "from": "keeper" })];
    expected.extend(views.iter().map(|view| json!({ "relation": "USES_REFERENCE", "from": view })));
    assert_eq!((&used["incoming"], &used["outgoing"]), (&json!(expected), &json!([])));
    let view = of(views[1].as_str().unwrap()).await;
    assert_eq!(view["outgoing"], json!([{ "relation": "USES_REFERENCE", "to": master }]));
    assert_eq!(of("nobody").await, json!({ "id": "nobody", "outgoing": [], "incoming": [] }));

    for id in ["a%2Fb", "keeper%23HAS_MASTER_REFERENCE", "%20", ".keeper", &"x".repeat(65)] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{base}/{id}"))).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{id}");
    }
    product.create_project("rival", "rival-key").await;
    assert_eq!(as_stranger(&product, &format!("{base}/keeper")).await, StatusCode::NOT_FOUND);
    product.finish().await;
}
