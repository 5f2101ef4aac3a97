//! A small public document, over the HTTP stack of the AWS clients: a function that fetches nothing else need not link a
//! second one. No redirect is followed.

use std::{sync::LazyLock, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::timeout;
use url::Url;

use super::tls;

static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls::aws()).build()
});

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum NoDocument {
    /// No connection, or one that broke.
    #[error("no answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Not 200.
    #[error("an answer with the status {0}")]
    Status(u16),
    /// Not read to its end.
    #[error("more than {0} bytes")]
    TooLarge(usize),
    /// Not all of it came in time.
    #[error("no whole answer in time")]
    Late,
}

/// Reads what stands at `url`: at most so many bytes, and within so long.
pub(crate) async fn fetch(url: &Url, most: usize, within: Duration) -> Result<Vec<u8>, NoDocument> {
    timeout(within, read(url, most)).await.unwrap_or(Err(NoDocument::Late))
}

async fn read(url: &Url, most: usize) -> Result<Vec<u8>, NoDocument> {
    let unreachable = |error| NoDocument::Unreachable(error);
    let mut request = HttpRequest::get(url.as_str()).map_err(|error| unreachable(error.into()))?;
    request.headers_mut().insert("accept", "application/json");
    // It is fetched too seldom for a connection to be kept.
    request.headers_mut().insert("connection", "close");
    let answer = CONNECTOR.call(request).await.map_err(|error| unreachable(error.into()))?;
    if answer.status().as_u16() != 200 {
        return Err(NoDocument::Status(answer.status().as_u16()));
    }
    let (mut body, mut document) = (ByteStream::new(answer.into_body()), Vec::new());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| unreachable(error.into()))?;
        if document.len() + chunk.len() > most {
            return Err(NoDocument::TooLarge(most));
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}
