//! Users who sign in at an issuer: their tokens, and what is not believed.

mod issuer;
mod keys;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::issuer::{AUDIENCE, Issuer, Signer, status_of, unsigned};
use super::access::{as_holder, create_key};
use crate::harness::{KEY, Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_in_user_and_a_key_of_theirs_act_on_the_same_projects() {
    let signer = Signer::rsa();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = issuer.product().await;
    let token = issuer.token(&signer, "a", product.test_clock.now());
    let by = |method: Method, path: &str| as_holder(&product, &token, method, path);
    let (_, me) = answer(by(Method::GET, "/api/v1/me")).await;
    assert_eq!((&me["userId"], &me["key"]), (&json!("demo"), &Value::Null));
    assert_eq!(me["scopes"], json!(["read", "write", "generate", "admin"]));
    let names: Vec<_> = me["limits"]["windows"].as_array().unwrap().iter().map(|window| &window["name"]).collect();
    assert_eq!(names, ["requests", "profiles"]);

    let create = by(Method::POST, "/api/v1/projects").json(&json!({ "id": "film", "name": "Film" }));
    assert_eq!(answer(create).await.0, StatusCode::CREATED);
    let projects = product.get("/api/v1/projects").await;
    assert_eq!(answer(by(Method::GET, "/api/v1/projects")).await.1, projects);
    let master = by(Method::POST, "/api/v1/projects/film/images/generate/master");
    let body = json!({ "subjectType": "prop", "subjectId": "x", "description": "a brass lantern, blue" });
    let (status, job) = answer(master.json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = product.ended(job["jobId"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["createdBy"]), (&json!("completed"), &json!("demo")));

    // Another session of the same user has another token, so a key's token cannot be made again.
    let new = json!({ "name": "mine", "scopes": ["read"] });
    let (status, key) = answer(by(Method::POST, "/api/v1/keys").json(&new)).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    assert_eq!(status_of(&product, key["token"].as_str().unwrap()).await, StatusCode::OK);
    for path in ["/api/v1/keys".to_owned(), format!("/api/v1/keys/{}/rotate", key["id"].as_str().unwrap())] {
        let body = if path.ends_with("rotate") { json!({}) } else { new.clone() };
        let (status, problem) = answer(by(Method::POST, &path).header("idempotency-key", "once").json(&body)).await;
        let pointer = &problem["errors"][0]["pointer"];
        assert_eq!((status, pointer), (StatusCode::BAD_REQUEST, &json!("/Idempotency-Key")), "{problem}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_come_from_the_claim_that_is_configured() {
    let signer = Signer::ec();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = issuer.product_with(&[("JWT_SCOPES_CLAIM", "cognito:groups")]).await;
    let header = json!({ "alg": "ES256", "kid": "a" });
    let mut claims = issuer.claims(product.test_clock.now());
    assert_eq!(
        status_of(&product, &signer.token(&header, &claims)).await,
        StatusCode::FORBIDDEN,
        "scope is no scope here"
    );
    claims["cognito:groups"] = json!(["read", "eu-west-1_abc_Google"]);
    // As Cognito's tokens of access are.
    claims.as_object_mut().unwrap().remove("aud");
    claims["client_id"] = json!(AUDIENCE);
    let token = signer.token(&header, &claims);
    assert_eq!(status_of(&product, &token).await, StatusCode::OK);
    let keys = as_holder(&product, &token, Method::GET, "/api/v1/keys");
    assert_eq!(answer(keys).await.0, StatusCode::FORBIDDEN);
    // One who signs in is a stranger in others' projects.
    claims["sub"] = json!("auth0|5f7c");
    assert_eq!(status_of(&product, &signer.token(&header, &claims)).await, StatusCode::NOT_FOUND);
    product.finish().await;
}

/// What the answer to a token says of it: status, challenge and detail.
async fn refusal(product: &Product, token: &str) -> (u16, String, String) {
    let response = as_holder(product, token, Method::GET, "/api/v1/projects/demo").send().await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let problem: Value = response.json().await.unwrap();
    (status, challenge.unwrap_or_default(), problem["detail"].as_str().unwrap_or_default().to_owned())
}

/// A token that says `HS256`, signed with `secret` as HMAC-SHA256 has it.
fn hs256(secret: &[u8], claims: &Value) -> String {
    let signed = unsigned(&json!({ "alg": "HS256", "kid": "a" }), claims);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_believed_is_refused_without_a_hint_of_why() {
    let (rsa, ec, ed, forger) = (Signer::rsa(), Signer::ec(), Signer::ed(), Signer::ec());
    let issuer = Issuer::start(&[rsa.jwk("a"), ec.jwk("b"), ed.jwk("c")]).await;
    let product = issuer.product().await;
    let now = product.test_clock.now();
    let (claims, second) = (issuer.claims(now), now.as_second());
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    for (signer, kid) in [(&rsa, "a"), (&ec, "b"), (&ed, "c")] {
        assert_eq!(status_of(&product, &issuer.token(signer, kid, now)).await, StatusCode::OK, "{kid}");
    }
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        rsa.token(&header("RS256", "a"), &claims)
    };
    let good = rsa.token(&header("RS256", "a"), &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let public_key = rsa.jwk("a")["n"].as_str().unwrap().to_owned();
    let mut elsewhere = claims.clone();
    elsewhere["sub"] = json!("ann");
    let other_body = URL_SAFE_NO_PAD.encode(elsewhere.to_string());
    let refused = [
        ("no signature", format!("{}.", unsigned(&header("none", "a"), &claims))),
        ("none, with a signature", rsa.token(&header("none", "a"), &claims)),
        ("None", rsa.token(&header("None", "a"), &claims)),
        ("HS256 with the public key", hs256(public_key.as_bytes(), &claims)),
        ("HS256 with its bytes", hs256(&URL_SAFE_NO_PAD.decode(&public_key).unwrap(), &claims)),
        ("HS256 with the published key", hs256(rsa.jwk("a").to_string().as_bytes(), &claims)),
        ("another key's kid", rsa.token(&header("RS256", "b"), &claims)),
        ("an unknown kid", rsa.token(&header("RS256", "x"), &claims)),
        ("no kid", rsa.token(&json!({ "alg": "RS256" }), &claims)),
        ("another way than the key's", rsa.token(&header("RS512", "a"), &claims)),
        ("PSS, which it is not", rsa.token(&header("PS256", "a"), &claims)),
        ("EC under an RSA name", ec.token(&header("RS256", "b"), &claims)),
        ("EdDSA under an EC name", ed.token(&header("ES256", "c"), &claims)),
        ("another's key", forger.token(&header("ES256", "b"), &claims)),
        (
            "a key that it brings along",
            forger.token(&json!({ "alg": "ES256", "kid": "b", "jwk": forger.jwk("b") }), &claims),
        ),
        ("other claims", format!("{head}.{other_body}.{signature}")),
        ("padding", format!("{head}.{body}.{signature}==")),
        (
            "a doubled name",
            rsa.token(&header("RS256", "a"), &claims).replacen(
                head,
                &URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"RS256","kid":"a"}"#),
                1,
            ),
        ),
        ("crit", rsa.token(&json!({ "alg": "RS256", "kid": "a", "crit": ["b64"], "b64": false }), &claims)),
        ("not yet valid", with("nbf", json!(second + 61))),
        ("issued in the future", with("iat", json!(second + 61))),
        ("without an end", with("exp", Value::Null)),
        ("an end that is no number", with("exp", json!("never"))),
        ("another audience", with("aud", json!("somebody-else"))),
        ("no audience", with("aud", Value::Null)),
        ("another issuer", with("iss", json!("https://id.example.com"))),
        ("the issuer with a slash", with("iss", json!(format!("{}/", issuer.url)))),
        ("no user", with("sub", Value::Null)),
        ("a user who cannot be", with("sub", json!("a b#c"))),
        ("three parts of nothing", "..".to_owned()),
        ("three parts of something", "a.b.c".to_owned()),
        ("100 KB", with("more", json!("x".repeat(75_000)))),
        ("just too long", with("more", json!("x".repeat(6_000)))),
    ];
    let plain = (401, "Bearer error=\"invalid_token\"".to_owned(), "the token is not valid".to_owned());
    for (what, token) in &refused {
        assert_eq!(refusal(&product, token).await, plain, "{what}");
    }
    let expired = with("exp", json!(second - 60));
    let told = (
        401,
        "Bearer error=\"invalid_token\", error_description=\"the token has expired\"".to_owned(),
        "the token has expired".to_owned(),
    );
    assert_eq!(refusal(&product, &expired).await, told);
    assert_eq!(status_of(&product, &with("exp", json!(second - 59))).await, StatusCode::OK, "within the leeway");
    assert_eq!(status_of(&product, &with("more", json!("x".repeat(5_000)))).await, StatusCode::OK);
    // A token is no key, and a key no token.
    let as_key = product.http.get(format!("{}/api/v1/me", product.stack().url())).header("x-api-key", &good);
    assert_eq!(answer(as_key).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(status_of(&product, KEY).await, StatusCode::OK);
    assert_eq!(refusal(&product, "wrong").await.1, "Bearer");
    assert_eq!(issuer.fetches(), 1, "none of it was a reason to ask again");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_issuer_a_token_is_a_wrong_key() {
    let signer = Signer::ed();
    let issuer = Issuer::start(&[signer.jwk("a")]).await;
    let product = Product::start().await;
    let token = issuer.token(&signer, "a", product.test_clock.now());
    assert_eq!(refusal(&product, &token).await.1, "Bearer");
    assert_eq!(issuer.fetches(), 0);
    let (token, _) = create_key(&product, json!({ "name": "app", "scopes": ["read"] })).await;
    let hash = hex::encode(Sha256::digest(&token));
    assert_eq!(status_of(&product, &hash).await, StatusCode::UNAUTHORIZED);
    product.finish().await;
}
