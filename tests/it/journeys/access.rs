//! Keys, projects and members: nothing of a project is shown to other projects' members.

use http::StatusCode;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{KEY, Product, answer};

pub(super) fn as_holder(product: &Product, key: &str, method: Method, path: &str) -> RequestBuilder {
    product.http.request(method, format!("{}{path}", product.stack().url())).bearer_auth(key)
}

pub(super) async fn create_key(product: &Product, body: Value) -> (String, Value) {
    let (status, key) = answer(product.request(Method::POST, "/api/v1/keys").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    (key["token"].as_str().unwrap().to_owned(), key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_valid_key_nobody_gets_in() {
    let product = Product::start().await;
    let path = "/api/v1/projects/demo";
    let url = format!("{}{path}", product.stack().url());
    for request in [
        product.http.get(&url),
        product.http.get(&url).bearer_auth("wrong"),
        product.http.get(&url).bearer_auth(""),
        product.http.get(&url).header("authorization", format!("Basic {KEY}")),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["www-authenticate"]),
            (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap())
        );
    }
    assert_eq!(answer(product.http.get(&url).header("x-api-key", KEY)).await.0, StatusCode::OK);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_project_is_not_there() {
    let product = Product::start().await;
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let image = product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned();
    product.create_project("rival", "rival-key").await;
    for path in [
        "/api/v1/projects/demo".to_owned(),
        "/api/v1/projects/demo/members".to_owned(),
        "/api/v1/projects/demo/subjects".to_owned(),
        "/api/v1/projects/demo/subjects/keeper".to_owned(),
        "/api/v1/projects/demo/images".to_owned(),
        format!("/api/v1/projects/demo/images/{image}"),
        format!("/api/v1/projects/rival/images/{image}"),
        format!("/api/v1/jobs/{job}"),
        format!("/api/generate/status/{job}"),
    ] {
        let (status, problem) = answer(as_holder(&product, "rival-key", Method::GET, &path)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {problem}");
    }
    let post = as_holder(&product, "rival-key", Method::POST, "/api/v1/projects/demo/images/generate/master");
    let body = json!({ "subjectType": "prop", "subjectId": "x", "description": "a brass lantern, blue" });
    assert_eq!(answer(post.json(&body)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(product.fal().ledger().len(), 1);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_shown_once_scoped_listed_and_revoked() {
    let product = Product::start().await;
    let (token, created) = create_key(&product, json!({ "name": "reader", "scopes": ["read"] })).await;
    let project = "/api/v1/projects/demo";
    assert_eq!(answer(as_holder(&product, &token, Method::GET, project)).await.0, StatusCode::OK);
    let post = as_holder(&product, &token, Method::POST, "/api/v1/projects/demo/images/generate/master");
    let body = json!({ "subjectType": "prop", "subjectId": "x", "description": "a brass lantern, blue" });
    assert_eq!(answer(post.json(&body)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(as_holder(&product, &token, Method::GET, "/api/v1/keys")).await.0, StatusCode::FORBIDDEN);

    let list = product.get("/api/v1/keys").await;
    let keys = list["keys"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["id"] == created["id"]) && !list.to_string().contains(&token), "{list}");
    let path = format!("/api/v1/keys/{}", created["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(answer(product.request(Method::DELETE, &path)).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(answer(as_holder(&product, &token, Method::GET, project)).await.0, StatusCode::UNAUTHORIZED);

    let expires = product.test_clock.now() + jiff::SignedDuration::from_secs(60);
    let (token, _) = create_key(&product, json!({ "name": "brief", "scopes": ["read"], "expiresAt": expires })).await;
    product.pass(59);
    assert_eq!(answer(as_holder(&product, &token, Method::GET, project)).await.0, StatusCode::OK);
    product.pass(1);
    assert_eq!(answer(as_holder(&product, &token, Method::GET, project)).await.0, StatusCode::UNAUTHORIZED);

    let (_, anns) = create_key(&product, json!({ "name": "ann", "scopes": ["read"], "userId": "ann" })).await;
    let list = product.get("/api/v1/keys?userId=ann").await;
    assert_eq!((list["keys"].as_array().unwrap().len(), &list["keys"][0]["userId"]), (1, &json!("ann")));
    let path = format!("/api/v1/keys/{}", anns["id"].as_str().unwrap());
    assert_eq!(answer(product.request(Method::DELETE, &path)).await.0, StatusCode::NOT_FOUND, "it is ann's");
    let path = format!("{path}?userId=ann");
    assert_eq!(answer(product.request(Method::DELETE, &path)).await.0, StatusCode::NO_CONTENT);

    let bad = json!({ "name": "", "scopes": [], "expiresAt": "2020-01-01T00:00:00Z", "userId": "a b" });
    let (status, problem) = answer(product.request(Method::POST, "/api/v1/keys").json(&bad)).await;
    assert_eq!((status.as_u16(), problem["errors"].as_array().unwrap().len()), (400, 4), "{problem}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_have_roles_and_an_owner_stays() {
    let product = Product::start().await;
    let (status, created) =
        answer(product.request(Method::POST, "/api/v1/projects").json(&json!({ "id": "film", "name": "Film" }))).await;
    assert_eq!((status, &created["owner"]), (StatusCode::CREATED, &json!("demo")));
    let again = product.request(Method::POST, "/api/v1/projects").json(&json!({ "id": "film", "name": "Film" }));
    assert_eq!(answer(again).await.0, StatusCode::CONFLICT);
    let list = product.get("/api/v1/projects").await;
    assert_eq!(list["projects"].as_array().unwrap().len(), 2);

    let scopes = json!(["read", "write", "generate"]);
    let (ann, _) = create_key(&product, json!({ "name": "ann", "scopes": scopes, "userId": "ann" })).await;
    let film = "/api/v1/projects/film";
    assert_eq!(answer(as_holder(&product, &ann, Method::GET, film)).await.0, StatusCode::NOT_FOUND);
    let put = |role: &str| product.request(Method::PUT, &format!("{film}/members/ann")).json(&json!({ "role": role }));
    assert_eq!(answer(put("viewer")).await.0, StatusCode::OK);
    assert_eq!(answer(as_holder(&product, &ann, Method::GET, film)).await.0, StatusCode::OK);
    let subject = json!({ "subjectType": "prop", "description": "a brass lantern, blue" });
    let write = || as_holder(&product, &ann, Method::PUT, &format!("{film}/subjects/lantern")).json(&subject);
    assert_eq!(answer(write()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(put("editor")).await.0, StatusCode::OK);
    assert_eq!(answer(write()).await.0, StatusCode::OK);
    let members = product.get(&format!("{film}/members")).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);

    let leave = product.request(Method::DELETE, &format!("{film}/members/demo"));
    assert_eq!(answer(leave).await.0, StatusCode::CONFLICT, "the last owner stays");
    let leave = product.request(Method::DELETE, &format!("{film}/members/ann"));
    assert_eq!(answer(leave).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(as_holder(&product, &ann, Method::GET, film)).await.0, StatusCode::NOT_FOUND);
    product.finish().await;
}
