//! HTTP clients.

use std::time::Duration;

use reqwest::Client;

use super::tls;

/// A builder of HTTP clients that trust whom all our clients trust.
pub fn http_builder() -> reqwest::ClientBuilder {
    let builder = Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")));
    match tls::rustls() {
        Some(config) => builder.tls_backend_preconfigured(config),
        None => builder,
    }
}
