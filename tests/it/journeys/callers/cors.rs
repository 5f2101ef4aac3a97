//! Pages of other origins, as API Gateway treats them.

use reqwest::Method;

use crate::harness::Product;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_may_send_what_the_api_reads() {
    let product = Product::start().await;
    let url = format!("{}/api/v1/projects", product.stack().url());
    let asked = product.http.request(Method::OPTIONS, &url).header("origin", "https://studio.example.com");
    let asked = asked.header("access-control-request-method", "POST");
    let preflight =
        asked.header("access-control-request-headers", "x-request-id,idempotency-key").send().await.unwrap();
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    for name in ["authorization", "content-type", "x-request-id", "idempotency-key", "if-none-match"] {
        assert!(allowed.split(',').any(|header| header == name), "{name}: {allowed}");
    }
    let read = product.request(Method::GET, "/api/v1/projects").header("origin", "https://studio.example.com");
    let read = read.send().await.unwrap();
    assert_eq!((read.status().as_u16(), &read.headers()["access-control-allow-origin"]), (200, &"*".parse().unwrap()));
    assert!(read.headers()["access-control-expose-headers"].to_str().unwrap().contains("x-request-id"));
    let own = product.request(Method::GET, "/api/v1/projects").send().await.unwrap();
    assert!(!own.headers().contains_key("access-control-allow-origin"));
    product.finish().await;
}
