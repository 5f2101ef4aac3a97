//! Keys: limits, projects that they open, rotation, last use, and what a caller can see of itself.

mod logs;
mod me;
mod rotation;

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::access::{as_holder, create_key};
use crate::harness::{KEY, Product, answer};

/// The status with which `token` sees the project `demo`.
async fn status_of(product: &Product, token: &str) -> StatusCode {
    answer(as_holder(product, token, Method::GET, "/api/v1/projects/demo")).await.0
}

async fn patch(product: &Product, key: &Value, body: Value) -> (StatusCode, Value) {
    answer(product.request(Method::PATCH, &path_of(key)).json(&body)).await
}

fn path_of(key: &Value) -> String {
    format!("/api/v1/keys/{}", key["id"].as_str().unwrap())
}

/// Where the errors of a problem are.
fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_limits_of_its_own_that_can_be_changed_and_taken_away() {
    let product = Product::start().await;
    let limits = json!({
        "requests": { "requests": 1, "seconds": 60 }, "caps": { "day": 2.5, "month": null }, "withoutUserWindows": true
    });
    let body = json!({ "name": "app", "scopes": ["read", "generate"], "limits": limits });
    let (token, key) = create_key(&product, body).await;
    assert_eq!(key["limits"], limits);
    let post = |subject: &str| {
        let post = as_holder(&product, &token, Method::POST, "/api/v1/projects/demo/images/generate/master");
        post.json(&json!({ "subjectType": "prop", "subjectId": subject, "description": "a brass lantern, blue" }))
    };
    let (status, job) = answer(post("one")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await;
    assert_eq!(answer(post("two").header("cache-control", "no-cache")).await.0, StatusCode::TOO_MANY_REQUESTS);

    let (status, changed) = patch(&product, &key, json!({ "limits": { "caps": { "day": 0.000_001 } } })).await;
    assert_eq!((status, &changed["limits"]["requests"]), (StatusCode::OK, &Value::Null), "{changed}");
    assert_eq!(answer(post("two").header("cache-control", "no-cache")).await.0, StatusCode::PAYMENT_REQUIRED);
    let (_, changed) = patch(&product, &key, json!({ "name": "my app" })).await;
    assert_eq!((&changed["name"], &changed["limits"]["caps"]["day"]), (&json!("my app"), &json!(0.000_001)));
    let (_, changed) = patch(&product, &key, json!({ "limits": null })).await;
    let none = json!({ "requests": null, "caps": { "day": null, "month": null }, "withoutUserWindows": false });
    assert_eq!(changed["limits"], none);
    let (status, job) = answer(post("two").header("cache-control", "no-cache")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_of_a_key_is_named() {
    let product = Product::start().await;
    let bad = json!({
        "name": "", "scopes": [], "projects": [], "expiresAt": "2020-01-01T00:00:00Z",
        "limits": { "requests": { "requests": 0, "seconds": 604_801 }, "caps": { "day": -1, "month": 1e7 } }
    });
    let wrong = [
        "/name",
        "/scopes",
        "/expiresAt",
        "/limits/requests/requests",
        "/limits/requests/seconds",
        "/limits/caps/day",
        "/limits/caps/month",
        "/projects",
    ];
    let (status, problem) = answer(product.request(Method::POST, "/api/v1/keys").json(&bad)).await;
    assert_eq!((status, pointers(&problem)), (StatusCode::BAD_REQUEST, wrong.to_vec()));
    let (_, key) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let (status, problem) = patch(&product, &key, bad).await;
    assert_eq!((status, pointers(&problem)), (StatusCode::BAD_REQUEST, wrong.to_vec()));

    for (body, wrong) in [
        (json!({ "limits": { "caps": { "day": 0.000_000_1 } } }), "/limits/caps/day"),
        (json!({ "limits": { "requests": { "requests": 1 } } }), "/limits/requests/seconds"),
        (json!({ "limits": { "window": null } }), "/limits/window"),
        (json!({ "projects": ["demo", "a b"] }), "/projects/1"),
        (json!({ "projects": "demo" }), "/projects"),
        (json!({ "userId": "ann" }), "/userId"),
        (json!({ "token": "lk_mine" }), "/token"),
        (json!({ "projects": ["demo"], "scopes": ["admin"] }), "/projects"),
    ] {
        let (status, problem) = patch(&product, &key, body).await;
        assert_eq!((status, pointers(&problem)), (StatusCode::BAD_REQUEST, vec![wrong]), "{problem}");
    }
    let everywhere = json!({ "name": "app", "scopes": ["admin"], "projects": ["demo"] });
    let (status, problem) = answer(product.request(Method::POST, "/api/v1/keys").json(&everywhere)).await;
    assert_eq!((status, pointers(&problem)), (StatusCode::BAD_REQUEST, vec!["/projects"]));
    let (_, same) = patch(&product, &key, json!({})).await;
    assert_eq!((&same["limits"], &same["name"]), (&key["limits"], &key["name"]), "nothing of that was taken over");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_sees_no_other_projects_than_those_that_it_is_limited_to() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let image = product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned();
    let lora = json!({ "personId": "ada", "name": "ada", "sizeBytes": 1000 });
    let (_, lora) = answer(product.request(Method::POST, "/api/v1/projects/demo/loras").json(&lora)).await;
    for id in ["film", "play", "opera"] {
        let project = product.request(Method::POST, "/api/v1/projects").json(&json!({ "id": id, "name": id }));
        assert_eq!(answer(project).await.0, StatusCode::CREATED);
    }
    let body = json!({ "name": "app", "scopes": ["read", "write", "generate"], "projects": ["film", "opera", "no"] });
    let (token, key) = create_key(&product, body).await;
    let by = |method: Method, path: &str| as_holder(&product, &token, method, path);
    assert_eq!(answer(by(Method::GET, "/api/v1/projects/film")).await.0, StatusCode::OK);

    // Exactly as one that is not there.
    let (_, unknown) = answer(by(Method::GET, "/api/v1/projects/nowhere")).await;
    for path in ["", "/members", "/jobs", "/images", &format!("/images/{image}"), "/loras", "/workflows", "/reports"] {
        let (status, problem) = answer(by(Method::GET, &format!("/api/v1/projects/demo{path}"))).await;
        assert_eq!((status, &problem["detail"]), (StatusCode::NOT_FOUND, &unknown["detail"]), "{path}: {problem}");
    }
    for (method, path) in [
        (Method::GET, format!("/api/v1/jobs/{job}")),
        (Method::POST, format!("/api/v1/jobs/{job}/cancel")),
        (Method::POST, format!("/api/v1/jobs/{job}/retry")),
        (Method::GET, format!("/api/generate/status/{job}")),
        (Method::GET, format!("/api/generate/{job}")),
        (Method::GET, format!("/api/v1/projects/film/images/{image}")),
        (Method::POST, format!("/api/v1/projects/film/images/{image}/regenerate")),
        (Method::GET, format!("/api/v1/projects/film/loras/{}", lora["loraId"])),
        (Method::PUT, "/api/v1/projects/demo/members/ann".to_owned()),
        (Method::PATCH, "/api/v1/projects/demo".to_owned()),
    ] {
        let request = if method == Method::GET { by(method, &path) } else { by(method, &path).json(&json!({})) };
        let (status, problem) = answer(request).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {problem}");
    }
    let portrait = json!({ "prompt": "a portrait of ada in a garden", "loraId": lora["loraId"] });
    let (status, problem) = answer(by(Method::POST, "/api/generate-image").json(&portrait)).await;
    assert!(status.is_client_error() && !problem.to_string().contains("demo"), "{problem}");

    let ids = |list: &Value| -> Vec<String> {
        list["projects"].as_array().unwrap().iter().map(|project| project["id"].as_str().unwrap().to_owned()).collect()
    };
    let (_, list) = answer(by(Method::GET, "/api/v1/projects?limit=1")).await;
    assert_eq!((ids(&list), &list["hasMore"]), (vec!["opera".to_owned()], &json!(true)));
    let next = format!("/api/v1/projects?limit=1&cursor={}", list["nextCursor"].as_str().unwrap());
    let (_, list) = answer(by(Method::GET, &next)).await;
    assert_eq!((ids(&list), &list["hasMore"]), (vec!["film".to_owned()], &json!(false)));
    let create = by(Method::POST, "/api/v1/projects").json(&json!({ "id": "own", "name": "Own" }));
    assert_eq!(answer(create).await.0, StatusCode::FORBIDDEN);

    let (status, changed) = patch(&product, &key, json!({ "projects": null })).await;
    assert_eq!((status, &changed["projects"]), (StatusCode::OK, &Value::Null));
    assert_eq!(answer(by(Method::GET, &format!("/api/v1/jobs/{job}"))).await.0, StatusCode::OK);
    assert_eq!(ids(&answer(by(Method::GET, "/api/v1/projects")).await.1), ["play", "opera", "film", "demo"]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_key_is_what_it_was_changed_to_from_the_next_request_on() {
    let product = Product::start().await;
    let (token, key) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let end = product.test_clock.now() + jiff::SignedDuration::from_secs(60);
    assert_eq!(patch(&product, &key, json!({ "expiresAt": end })).await.0, StatusCode::OK);
    product.pass(60);
    assert_eq!(status_of(&product, &token).await, StatusCode::UNAUTHORIZED);
    let (_, changed) = patch(&product, &key, json!({ "expiresAt": null, "scopes": ["generate"] })).await;
    assert_eq!((&changed["expiresAt"], &changed["scopes"]), (&Value::Null, &json!(["generate"])));
    assert_eq!(status_of(&product, &token).await, StatusCode::FORBIDDEN);
    // Of two that change different things at once both hold.
    let changes = [json!({ "name": "one" }), json!({ "scopes": ["read"] }), json!({ "projects": ["demo"] })];
    futures_util::future::join_all(changes.map(|change| patch(&product, &key, change))).await;
    let listed = patch(&product, &key, json!({})).await.1;
    let now = (&listed["name"], &listed["scopes"], &listed["projects"]);
    assert_eq!(now, (&json!("one"), &json!(["read"]), &json!(["demo"])));

    assert_eq!(answer(product.request(Method::DELETE, &path_of(&key))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(patch(&product, &key, json!({ "name": "again" })).await.0, StatusCode::CONFLICT);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_another_user_is_neither_shown_nor_changed() {
    let product = Product::start().await;
    let (token, anns) = create_key(&product, json!({ "name": "ann", "scopes": ["read"], "userId": "ann" })).await;
    let path = path_of(&anns);
    let list = product.get("/api/v1/keys").await;
    assert!(!list.to_string().contains(anns["id"].as_str().unwrap()), "{list}");
    let unknown = "/api/v1/keys/key_01jd0000000000000000000000";
    for path in [&path, &format!("{path}?userId=demo"), unknown, &format!("{unknown}?userId=ann")] {
        let rename = product.request(Method::PATCH, path).json(&json!({ "name": "mine" }));
        assert_eq!(answer(rename).await.0, StatusCode::NOT_FOUND, "{path}");
        let rotate = path.replacen('?', "/rotate?", 1);
        let rotate = if rotate.contains('?') { rotate } else { format!("{rotate}/rotate") };
        assert_eq!(answer(product.request(Method::POST, &rotate)).await.0, StatusCode::NOT_FOUND, "{rotate}");
    }
    // Without the scope there is no way to any key, not even to one's own.
    for (method, path) in [
        (Method::GET, "/api/v1/keys".to_owned()),
        (Method::PATCH, path.clone()),
        (Method::POST, format!("{path}/rotate")),
        (Method::DELETE, path.clone()),
    ] {
        let request = as_holder(&product, &token, method, &path).json(&json!({}));
        assert_eq!(answer(request).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let named = format!("{path}?userId=ann");
    let (status, changed) = answer(product.request(Method::PATCH, &named).json(&json!({ "name": "Ann" }))).await;
    assert_eq!((status, &changed["name"], &changed["userId"]), (StatusCode::OK, &json!("Ann"), &json!("ann")));
    assert_eq!(answer(as_holder(&product, KEY, Method::GET, "/api/v1/me")).await.1["userId"], "demo");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_of_a_key_is_noted_once_in_ten_minutes() {
    let product = Product::start().await;
    let (token, key) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let last_used = async || {
        let list = product.get("/api/v1/keys").await;
        let listed = list["keys"].as_array().unwrap().iter().find(|listed| listed["id"] == key["id"]).unwrap().clone();
        listed["lastUsedAt"].as_str().map(str::to_owned)
    };
    assert_eq!(last_used().await, None);
    let used = format!("{:.3}", product.test_clock.now());
    assert_eq!(status_of(&product, &token).await, StatusCode::OK);
    product.pass(599);
    assert_eq!(status_of(&product, &token).await, StatusCode::OK);
    assert_eq!(last_used().await, Some(used));
    product.pass(1);
    let used = format!("{:.3}", product.test_clock.now());
    // A use that is refused is a use too.
    assert_eq!(answer(as_holder(&product, &token, Method::GET, "/api/v1/keys")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(last_used().await, Some(used.clone()));
    // What is refused for the key itself is none.
    product.request(Method::DELETE, &path_of(&key)).send().await.unwrap();
    product.pass(1000);
    assert_eq!(status_of(&product, &token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(last_used().await, Some(used));
    product.finish().await;
}
