//! Changes of the same records at once.

use futures_util::future::join_all;
use http::StatusCode;
use likeness_domain::project::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{Product, answer};

const MEMBERS: &str = "/api/v1/projects/demo/members";

async fn owners(product: &Product) -> Vec<String> {
    let members = product.store().members(&"demo".parse().unwrap()).await.unwrap();
    members.into_iter().filter(|member| member.role == Role::Owner).map(|member| member.user.to_string()).collect()
}

/// Each of two owners does this to the other, or to themselves, at the same moment.
async fn at_once(product: &Product, requests: [RequestBuilder; 2]) -> Vec<StatusCode> {
    let answers = join_all(requests.map(answer)).await;
    assert_eq!(owners(product).await.len(), 1, "{answers:?}");
    answers.into_iter().map(|(status, _)| status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_never_loses_its_last_owner() {
    let product = Product::start().await;
    product.create_project("annas", "ann-key").await;
    let as_ann = |method: Method, path: &str| {
        product.http.request(method, format!("{}{path}", product.stack().url())).bearer_auth("ann-key")
    };
    // The owner that is left makes the other one again.
    let both = async || {
        for user in ["annas", "demo"] {
            let path = format!("{MEMBERS}/{user}");
            let left = owners(&product).await.remove(0);
            let request = if left == "demo" { product.request(Method::PUT, &path) } else { as_ann(Method::PUT, &path) };
            let (status, answer) = answer(request.json(&json!({ "role": "owner" }))).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
        assert_eq!(owners(&product).await.len(), 2);
    };
    let (ann, demo) = (format!("{MEMBERS}/annas"), format!("{MEMBERS}/demo"));
    for round in 0..12 {
        both().await;
        let statuses = match round % 3 {
            0 => {
                let demote = |request: RequestBuilder| request.json(&json!({ "role": "viewer" }));
                at_once(&product, [demote(product.request(Method::PUT, &ann)), demote(as_ann(Method::PUT, &demo))])
                    .await
            }
            1 => at_once(&product, [product.request(Method::DELETE, &ann), as_ann(Method::DELETE, &demo)]).await,
            _ => at_once(&product, [product.request(Method::DELETE, &demo), as_ann(Method::DELETE, &ann)]).await,
        };
        assert_eq!(statuses.iter().filter(|status| status.is_success()).count(), 1, "{statuses:?}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writes_of_one_record_at_once_all_succeed() {
    let product = Product::start().await;
    let subject = json!({ "subjectType": "prop", "description": "a brass lantern, blue" });
    for (path, body) in [
        ("/api/v1/projects/demo/subjects/lantern", subject),
        ("/api/v1/projects/demo/people/ada", json!({ "name": "Ada" })),
    ] {
        let puts = join_all((0..20).map(|_| answer(product.request(Method::PUT, path).json(&body)))).await;
        assert!(puts.iter().all(|(status, _)| *status == StatusCode::OK), "{puts:?}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_named_as_identity_providers_name_them() {
    let product = Product::start().await;
    for (path, user) in [("ann@example.com", "ann@example.com"), ("auth0%7C5f7c8ec7", "auth0|5f7c8ec7")] {
        let put = product.request(Method::PUT, &format!("{MEMBERS}/{path}")).json(&json!({ "role": "viewer" }));
        let (status, member) = answer(put).await;
        assert_eq!((status, &member["userId"]), (StatusCode::OK, &json!(user)), "{member}");
        let key = json!({ "name": "k", "scopes": ["read"], "userId": user });
        let (status, key) = answer(product.request(Method::POST, "/api/v1/keys").json(&key)).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        let theirs = product.http.get(format!("{}{MEMBERS}", product.stack().url()));
        assert_eq!(answer(theirs.bearer_auth(key["token"].as_str().unwrap())).await.0, StatusCode::OK);
        let listed = product.get(&format!("/api/v1/keys?userId={}", user.replace('|', "%7C"))).await;
        assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    }
    for bad in ["a%23b", "a%2Fb", "@a", "a%20b"] {
        let put = product.request(Method::PUT, &format!("{MEMBERS}/{bad}")).json(&json!({ "role": "viewer" }));
        assert_eq!(answer(put).await.0, StatusCode::NOT_FOUND, "{bad}");
    }
    product.finish().await;
}
