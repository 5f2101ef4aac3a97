//! The issuer's keys: when they are fetched, and what holds while they cannot be.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;

use super::issuer::{Issuer, Signer, status_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let (old, new) = (Signer::ec(), Signer::ed());
    let issuer = Issuer::start(&[old.jwk("old")]).await;
    let product = issuer.product().await;
    let token = |signer: &Signer, kid: &str| issuer.token(signer, kid, product.test_clock.now());
    assert_eq!(status_of(&product, &token(&old, "old")).await, StatusCode::OK);
    issuer.publish(&[old.jwk("old"), new.jwk("new")]);
    // Not asked for within half a minute of the last time.
    assert_eq!(status_of(&product, &token(&new, "new")).await, StatusCode::UNAUTHORIZED);
    product.pass(30);
    assert_eq!(status_of(&product, &token(&new, "new")).await, StatusCode::OK);
    assert_eq!(issuer.fetches(), 2);
    issuer.publish(&[new.jwk("new")]);
    product.pass(599);
    assert_eq!(status_of(&product, &token(&old, "old")).await, StatusCode::OK, "known for ten minutes");
    product.pass(1);
    assert_eq!(status_of(&product, &token(&old, "old")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status_of(&product, &token(&new, "new")).await, StatusCode::OK);
    assert_eq!(issuer.fetches(), 3);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_keys_is_one_question_in_half_a_minute() {
    let signer = Signer::ec();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = issuer.product().await;
    let flood = async |round: usize| {
        let now = product.test_clock.now();
        let tokens: Vec<_> = (0..50).map(|forged| issuer.token(&signer, &format!("{round}-{forged}"), now)).collect();
        let statuses = join_all(tokens.iter().map(|token| status_of(&product, token))).await;
        assert!(statuses.iter().all(|status| *status == StatusCode::UNAUTHORIZED));
    };
    for round in 0..3 {
        flood(round).await;
    }
    assert_eq!(issuer.fetches(), 1);
    product.pass(29);
    flood(3).await;
    assert_eq!(issuer.fetches(), 1);
    product.pass(1);
    flood(4).await;
    flood(5).await;
    assert_eq!(issuer.fetches(), 2);
    assert_eq!(status_of(&product, &issuer.token(&signer, "a", product.test_clock.now())).await, StatusCode::OK);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_keys_are_good_for_an_hour_while_the_issuer_is_down() {
    let signer = Signer::rsa();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = issuer.product().await;
    let status = async |kid: &str| status_of(&product, &issuer.token(&signer, kid, product.test_clock.now())).await;
    assert_eq!(status("a").await, StatusCode::OK);
    issuer.down(true);
    product.pass(600);
    for _ in 0..3 {
        assert_eq!(status("a").await, StatusCode::OK);
    }
    assert_eq!(issuer.fetches(), 2);
    // It may have this one; the caller shall come again.
    assert_eq!(status("b").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(issuer.fetches(), 2);
    product.pass(2999);
    assert_eq!(status("a").await, StatusCode::OK);
    product.pass(1);
    assert_eq!(status("a").await, StatusCode::SERVICE_UNAVAILABLE);
    issuer.down(false);
    product.pass(5);
    assert_eq!(status("a").await, StatusCode::OK);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_is_down_at_first_is_no_reason_to_refuse_a_token() {
    let signer = Signer::ed();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = issuer.product().await;
    let status = async || status_of(&product, &issuer.token(&signer, "a", product.test_clock.now())).await;
    issuer.down(true);
    let statuses = join_all((0..8).map(|_| status())).await;
    assert_eq!(statuses, [StatusCode::SERVICE_UNAVAILABLE; 8]);
    assert_eq!(issuer.fetches(), 1);
    issuer.down(false);
    assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE, "asked a moment ago");
    // What is no key set, or one without end, is none.
    let endless = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(256 * 1024));
    for text in [
        "",
        "{}",
        "[]",
        "<html></html>",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
        &endless,
    ] {
        issuer.publish_text(text.to_owned());
        product.pass(5);
        assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE, "{text:.40}");
    }
    issuer.publish(&[json!({ "kty": "RSA" }), signer.jwk("a")]);
    product.pass(5);
    assert_eq!(status().await, StatusCode::OK);
    product.finish().await;
}
