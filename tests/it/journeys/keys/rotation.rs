//! Another token for a key.

use futures_util::future::join_all;
use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{create_key, path_of, pointers, status_of};
use crate::{
    harness::{KEY, Product, answer},
    journeys::access::as_holder,
};

async fn rotate(product: &Product, key: &Value, overlap: Option<u32>) -> String {
    let (status, rotated) = rotation(product, key, overlap).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    rotated["token"].as_str().unwrap().to_owned()
}

async fn rotation(product: &Product, key: &Value, overlap: Option<u32>) -> (StatusCode, Value) {
    let request = product.request(Method::POST, &format!("{}/rotate", path_of(key)));
    answer(match overlap {
        Some(seconds) => request.json(&json!({ "overlapSeconds": seconds })),
        None => request,
    })
    .await
}

/// Which of `tokens` are good.
async fn good(product: &Product, tokens: &[String]) -> Vec<bool> {
    join_all(tokens.iter().map(async |token| status_of(product, token).await == StatusCode::OK)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tokens_of_a_key_are_good_for_a_while_and_never_three() {
    let product = Product::start().await;
    let limits = json!({ "requests": { "requests": 5, "seconds": 60 } });
    let body = json!({ "name": "app", "scopes": ["read"], "limits": limits });
    let (first, key) = create_key(&product, body).await;
    let hint = |token: &str| format!("{}…{}", &token[..5], &token[42..]);
    assert_eq!((&key["hint"], &key["replacedToken"]), (&json!(hint(&first)), &Value::Null));
    let (status, rotated) = rotation(&product, &key, None).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    let second = rotated["token"].as_str().unwrap().to_owned();
    let until = product.test_clock.now() + jiff::SignedDuration::from_hours(24);
    let replaced = json!({ "hint": hint(&first), "goodUntil": format!("{until:.3}") });
    assert_eq!((&rotated["id"], &rotated["hint"]), (&key["id"], &json!(hint(&second))));
    assert_eq!((&rotated["limits"], &rotated["replacedToken"]), (&key["limits"], &replaced));

    let mut tokens = vec![first, second];
    assert_eq!(good(&product, &tokens).await, [true, true]);
    product.pass(86_400);
    assert_eq!(good(&product, &tokens).await, [false, true]);
    tokens.push(rotate(&product, &key, Some(3600)).await);
    assert_eq!(good(&product, &tokens).await, [false, true, true]);
    // The oldest ends at once.
    tokens.push(rotate(&product, &key, Some(3600)).await);
    assert_eq!(good(&product, &tokens).await, [false, false, true, true]);
    tokens.push(rotate(&product, &key, Some(0)).await);
    assert_eq!(good(&product, &tokens).await, [false, false, false, false, true]);

    assert_eq!(product.get("/api/v1/keys").await["keys"].as_array().unwrap().len(), 2, "it is one key");
    tokens.push(rotate(&product, &key, None).await);
    let revoke = || product.request(Method::DELETE, &path_of(&key));
    assert_eq!(answer(revoke()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(good(&product, &tokens).await, [false; 6], "with all its tokens");
    assert_eq!(rotation(&product, &key, None).await.0, StatusCode::CONFLICT);
    let (_, other) = create_key(&product, json!({ "name": "other", "scopes": ["read"] })).await;
    let (status, problem) = rotation(&product, &other, Some(604_801)).await;
    assert_eq!((status, pointers(&problem)), (StatusCode::BAD_REQUEST, vec!["/overlapSeconds"]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_holds_for_a_key_holds_for_both_its_tokens() {
    let product = Product::start().await;
    let (first, key) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let second = rotate(&product, &key, None).await;
    let used = format!("{:.3}", product.test_clock.now());
    assert_eq!(status_of(&product, &first).await, StatusCode::OK);
    let me = |token: &str| answer(as_holder(&product, token, Method::GET, "/api/v1/me"));
    let [old, new] = [me(&first).await.1, me(&second).await.1];
    assert_eq!((&old, &old["key"]["lastUsedAt"]), (&new, &json!(used)));
    let rename = product.request(Method::PATCH, &path_of(&key)).json(&json!({ "scopes": ["write"] }));
    assert_eq!(answer(rename).await.0, StatusCode::OK);
    for token in [&first, &second] {
        assert_eq!(status_of(&product, token).await, StatusCode::FORBIDDEN);
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_rotation_answers_with_the_same_token_or_says_that_it_was_replaced() {
    let product = Product::start().await;
    let (first, key) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let path = format!("{}/rotate", path_of(&key));
    let post = |idempotency: &str| product.request(Method::POST, &path).header("idempotency-key", idempotency);
    // Also where they come at once.
    let answers = join_all((0..4).map(|_| answer(post("monday")))).await;
    let second = answers[0].1["token"].as_str().unwrap().to_owned();
    for (status, rotated) in &answers {
        assert_eq!((*status, &rotated["token"]), (StatusCode::OK, &json!(second)), "{rotated}");
    }
    assert_eq!(good(&product, &[first.clone(), second.clone()]).await, [true, true]);
    let third = answer(post("tuesday")).await.1["token"].as_str().unwrap().to_owned();
    let tokens = [first, second, third];
    assert_eq!(good(&product, &tokens).await, [false, true, true]);
    // The second is still good, and given out again; after that it is not brought back.
    assert_eq!(answer(post("monday")).await.1["token"], tokens[1]);
    assert_eq!(good(&product, &tokens).await, [false, true, true]);
    product.pass(86_400);
    assert_eq!(answer(post("monday")).await.0, StatusCode::CONFLICT);
    assert_eq!(good(&product, &tokens).await, [false, false, true]);

    let reused = post("tuesday").json(&json!({ "overlapSeconds": 1 }));
    assert_eq!(answer(reused).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    // With another token of the same caller another token would come out: it is another request.
    let admin = product.get("/api/v1/me").await["key"].clone();
    let newer = rotate(&product, &admin, None).await;
    let by = |token: &str| as_holder(&product, token, Method::POST, &path).header("idempotency-key", "tuesday");
    assert_eq!(answer(by(&newer)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer(by(KEY)).await.1["token"], tokens[2]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_rotations_at_once_two_tokens_are_good_and_none_after_a_revocation() {
    let product = Product::start().await;
    for round in 0..8 {
        let (first, key) = create_key(&product, json!({ "name": format!("{round}"), "scopes": ["read"] })).await;
        let rotations = join_all((0..4).map(|_| rotation(&product, &key, None))).await;
        let mut tokens = vec![first];
        for (status, rotated) in rotations {
            assert_eq!(status, StatusCode::OK, "{rotated}");
            tokens.push(rotated["token"].as_str().unwrap().to_owned());
        }
        assert_eq!(good(&product, &tokens).await.into_iter().filter(|good| *good).count(), 2);

        let revoke = async { answer(product.request(Method::DELETE, &path_of(&key))).await.0 };
        let rotations = join_all((0..3).map(|_| rotation(&product, &key, None)));
        let (revoked, rotations) = tokio::join!(revoke, rotations);
        assert_eq!(revoked, StatusCode::NO_CONTENT);
        for (status, rotated) in rotations {
            assert!(matches!(status, StatusCode::OK | StatusCode::CONFLICT), "{rotated}");
            tokens.extend(rotated["token"].as_str().map(str::to_owned));
        }
        assert!(!good(&product, &tokens).await.contains(&true), "revoked is revoked");
    }
    product.finish().await;
}
