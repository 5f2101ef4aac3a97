//! R2's public domain.

use aws_sdk_s3::primitives::ByteStream;
use reqwest::{Response, header::HeaderMap};

use super::{Target, browser};

/// `None` for a real bucket whose public domain was not named.
async fn start() -> Option<(Target, String)> {
    let target = Target::start().await;
    let put = target.client.put_object().bucket(&target.bucket).key(target.key("bild ü.webp"));
    let put = put.body(ByteStream::from_static(b"0123456789")).content_type("image/webp");
    put.cache_control("public, max-age=31536000").send().await.unwrap();
    match &target.public_url {
        Some(public_url) => {
            let url = format!("{public_url}/{}bild%20%C3%BC.webp", target.prefix);
            Some((target, url))
        }
        None => {
            target.stop().await;
            None
        }
    }
}

async fn get(url: &str, header: (&'static str, &str)) -> Response {
    browser().get(url).header(header.0, header.1).send().await.unwrap()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn an_object_is_public_without_a_signature() {
    let Some((target, url)) = start().await else { return };
    let answer = get(&url, ("origin", "http://localhost:3000")).await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(text(&headers, "content-type"), "image/webp");
    assert_eq!(text(&headers, "content-length"), "10");
    assert_eq!(text(&headers, "accept-ranges"), "bytes");
    assert_eq!(text(&headers, "cache-control"), "public, max-age=31536000");
    assert!(text(&headers, "etag").starts_with('"'));
    assert!(text(&headers, "last-modified").ends_with(" GMT"));
    if target.engine.is_some() {
        assert_eq!(text(&headers, "access-control-allow-origin"), "*");
    }
    assert_eq!(answer.bytes().await.unwrap(), "0123456789");
    target.stop().await;
}

#[tokio::test]
async fn a_head_says_the_same_without_the_bytes() {
    let Some((target, url)) = start().await else { return };
    let answer = browser().head(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), text(answer.headers(), "content-length")), (200, "10"));
    assert_eq!(answer.bytes().await.unwrap(), "");
    target.stop().await;
}

#[tokio::test]
async fn a_cached_copy_is_confirmed() {
    let Some((target, url)) = start().await else { return };
    let fresh = get(&url, ("accept", "*/*")).await;
    let (etag, date) = (text(fresh.headers(), "etag"), text(fresh.headers(), "last-modified"));
    let confirmed = get(&url, ("if-none-match", etag)).await;
    assert_eq!(confirmed.status(), 304);
    assert_eq!(text(confirmed.headers(), "etag"), etag);
    assert_eq!(confirmed.bytes().await.unwrap(), "");
    assert_eq!(get(&url, ("if-none-match", "\"another\"")).await.status(), 200);
    assert_eq!(get(&url, ("if-modified-since", date)).await.status(), 304);
    target.stop().await;
}

#[tokio::test]
async fn a_range_is_partial_content() {
    let Some((target, url)) = start().await else { return };
    let part = get(&url, ("range", "bytes=2-4")).await;
    assert_eq!((part.status().as_u16(), text(part.headers(), "content-range")), (206, "bytes 2-4/10"));
    assert_eq!(part.bytes().await.unwrap(), "234");
    let beyond = get(&url, ("range", "bytes=20-")).await;
    assert_eq!(beyond.status(), 416);
    target.stop().await;
}

#[tokio::test]
async fn nothing_else_is_public() {
    let Some((target, url)) = start().await else { return };
    assert_eq!(get(&url.replace("bild", "nothing"), ("accept", "*/*")).await.status(), 404);
    if target.engine.is_some() {
        target.client.create_bucket().bucket("a-private").send().await.unwrap();
        let put = target.client.put_object().bucket("a-private").key("secret").body(ByteStream::from_static(b"x"));
        put.send().await.unwrap();
        let public_url = target.public_url.as_ref().unwrap();
        for path in ["secret", "a-private/secret", ""] {
            assert_eq!(get(&format!("{public_url}/{path}"), ("accept", "*/*")).await.status(), 404);
        }
        assert_eq!(browser().put(&url).body("over").send().await.unwrap().status(), 405);
        assert_eq!(browser().delete(&url).send().await.unwrap().status(), 405);
    }
    target.stop().await;
}
