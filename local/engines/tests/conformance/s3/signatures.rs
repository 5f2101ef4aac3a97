//! Presigned URLs, and unsigned requests.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::{Client, config::Credentials, presigning::PresigningConfig};

use super::{Target, browser, refusal};

fn for_a_minute() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()
}

/// Signed in 2023, for a minute.
fn long_ago() -> PresigningConfig {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    PresigningConfig::builder().start_time(start).expires_in(Duration::from_secs(60)).build().unwrap()
}

/// The signature's last digit, which is the URL's, is another one.
fn with_another_end(url: &str) -> String {
    let (rest, last) = url.split_at(url.len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}

impl Target {
    async fn get_url(&self, name: &str, signing: PresigningConfig) -> String {
        let get = self.client.get_object().bucket(&self.bucket).key(self.key(name));
        get.presigned(signing).await.unwrap().uri().to_owned()
    }

    async fn put_url(&self, name: &str) -> String {
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(name)).content_type("image/png");
        put.presigned(for_a_minute()).await.unwrap().uri().to_owned()
    }
}

#[tokio::test]
async fn a_presigned_url_reads() {
    let target = Target::start().await;
    target.put("bild ü+%.png", b"pixels").await;
    let answer = browser().get(target.get_url("bild ü+%.png", for_a_minute()).await).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap(), "pixels");
    target.stop().await;
}

#[tokio::test]
async fn a_tampered_or_expired_url_is_refused() {
    let target = Target::start().await;
    target.put("mine", b"mine").await;
    target.put("yours", b"yours").await;
    let url = target.get_url("mine", for_a_minute()).await;
    let tampered = [
        url.replace("mine", "yours"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        with_another_end(&url),
        target.get_url("mine", long_ago()).await,
    ];
    for url in tampered {
        let answer = browser().get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{url}");
    }
    let put = browser().put(&url).body("over").send().await.unwrap();
    assert_eq!(put.status(), 403, "a URL for reading does not write");
    assert_eq!(target.get("mine").await, b"mine");
    target.stop().await;
}

#[tokio::test]
async fn a_presigned_url_writes_with_its_own_content_type_only() {
    let target = Target::start().await;
    let put = async |content_type: &str| {
        let put = browser().put(target.put_url("upload").await).header("content-type", content_type).body("pixels");
        put.send().await.unwrap().status()
    };
    assert_eq!(put("text/html").await, 403);
    assert!(target.try_get("upload").await.is_err());
    assert_eq!(put("image/png").await, 200);
    let got = target.try_get("upload").await.unwrap();
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(super::bytes(got).await, b"pixels");
    target.stop().await;
}

#[tokio::test]
async fn an_unsigned_request_is_refused() {
    let target = Target::start().await;
    target.put("secret", b"secret").await;
    let signed = target.get_url("secret", for_a_minute()).await;
    let unsigned = signed.split('?').next().unwrap();
    for answer in [
        browser().get(unsigned).send().await.unwrap(),
        browser().put(unsigned).body("over").send().await.unwrap(),
        browser().delete(unsigned).send().await.unwrap(),
    ] {
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(!answer.text().await.unwrap().contains("secret</"));
    }
    assert_eq!(target.get("secret").await, b"secret");
    target.stop().await;
}

#[tokio::test]
async fn other_keys_are_refused() {
    let target = Target::start().await;
    target.put("secret", b"secret").await;
    for (id, secret) in [("conformance", "wrong"), ("nobody", "conformance-secret")] {
        let credentials = Credentials::new(id, secret, None, None, "wrong");
        let config = target.client.config().to_builder().credentials_provider(credentials).build();
        let get = Client::from_conf(config).get_object().bucket(&target.bucket).key(target.key("secret")).send().await;
        let (status, code) = refusal(get).unwrap_err();
        assert!((400..=403).contains(&status), "{status} {code:?}");
    }
    target.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_may_upload_and_read() {
    let target = Target::start().await;
    if target.engine.is_some() {
        let url = target.put_url("upload").await;
        let preflight = browser().request(reqwest::Method::OPTIONS, &url).header("origin", "http://localhost:3000");
        let preflight = preflight.header("access-control-request-method", "PUT");
        let answer = preflight.header("access-control-request-headers", "content-type").send().await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert!(answer.headers()["access-control-allow-methods"].to_str().unwrap().contains("PUT"));
        let put = browser().put(url).header("origin", "http://localhost:3000").header("content-type", "image/png");
        let answer = put.body("pixels").send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    }
    target.stop().await;
}

#[tokio::test]
async fn a_url_that_would_live_for_more_than_a_week_is_refused() {
    let target = Target::start().await;
    target.put("mine", b"mine").await;
    let week = PresigningConfig::expires_in(Duration::from_secs(604_800)).unwrap();
    let url = target.get_url("mine", week).await;
    assert_eq!(browser().get(&url).send().await.unwrap().status(), 200);
    for bad in ["604801", "0", "-1", "x"] {
        let url = url.replace("X-Amz-Expires=604800", &format!("X-Amz-Expires={bad}"));
        let answer = browser().get(&url).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 400 | 403), "{bad}: {}", answer.status());
        if target.engine.is_some() {
            assert!(answer.text().await.unwrap().contains("AuthorizationQueryParametersError"), "{bad}");
        }
    }
    target.stop().await;
}

#[tokio::test]
async fn a_signature_of_version_2_is_refused() {
    let target = Target::start().await;
    target.put("mine", b"mine").await;
    let url = target.get_url("mine", for_a_minute()).await;
    let unsigned = url.split('?').next().unwrap();
    let old = format!("{unsigned}?AWSAccessKeyId=conformance&Expires=4102444800&Signature=c2lnbmF0dXJl");
    let answer = browser().get(old).send().await.unwrap();
    assert!(matches!(answer.status().as_u16(), 400 | 401 | 403), "{}", answer.status());
    let header = browser().get(unsigned).header("authorization", "AWS conformance:c2lnbmF0dXJl").send().await.unwrap();
    assert!(matches!(header.status().as_u16(), 400 | 401 | 403), "{}", header.status());
    if target.engine.is_some() {
        assert!(answer.text().await.unwrap().contains("SigV4"), "the answer names what is taken");
    }
    target.stop().await;
}

#[tokio::test]
async fn what_was_signed_before_the_clock_was_set_back_is_taken() {
    let target = Target::start().await;
    // The real service's clock is right, and refuses it.
    if target.engine.is_some() {
        target.put("mine", b"mine").await;
        let ahead = SystemTime::from(likeness_domain::clock::Clock::system().now()) + Duration::from_secs(3600);
        let signing =
            PresigningConfig::builder().start_time(ahead).expires_in(Duration::from_secs(60)).build().unwrap();
        let answer = browser().get(target.get_url("mine", signing).await).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    target.stop().await;
}
