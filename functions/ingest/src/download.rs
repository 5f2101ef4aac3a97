//! Fetching an image from fal's file hosts, and from nowhere else. Without our key: those files are public.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use likeness_core::{
    clients::http::http_builder,
    fal::{Form, Question, Says},
};
use reqwest::{Client, StatusCode, redirect};
use url::{Host, Url};

/// Where results may be downloaded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedHosts(Vec<Allowed>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    /// A host and everything below it, over https.
    Domain(String),
    /// Exactly this scheme, host and port.
    Origin(Url),
    /// This scheme and host, on any port.
    Server(Url),
}

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// Never: the address is not one of fal's.
    #[error("the image cannot be had: {0}")]
    Never(&'static str),
    /// The file host says that it is not there. What was said once is no verdict: the picture is paid for.
    #[error("the image cannot be had: {0}")]
    Doubt(String),
    /// Never: it is too large.
    #[error("the image is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The file host is away, or busy.
    #[error("the image cannot be had now")]
    Later(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AllowedHosts {
    /// From a comma-separated list of domains and origins.
    pub(crate) fn parse(list: &str) -> Self {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self(
            parts
                .map(|part| part.parse().map_or_else(|_| Allowed::Domain(part.to_lowercase()), Allowed::Origin))
                .collect(),
        )
    }

    /// Also from the host of `server`, by the same scheme, on whatever port it serves files.
    pub(crate) fn add_server(&mut self, server: Url) {
        self.0.push(Allowed::Server(server));
    }

    fn allow(&self, url: &Url) -> bool {
        self.0.iter().any(|allowed| match (allowed, url.host()) {
            (Allowed::Origin(origin), _) => origin.origin() == url.origin(),
            (Allowed::Server(server), host) => server.scheme() == url.scheme() && server.host() == host,
            (Allowed::Domain(domain), Some(Host::Domain(host))) => {
                let below = host.strip_suffix(domain.as_str());
                let below = below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                below && url.scheme() == "https" && url.port().is_none()
            }
            (Allowed::Domain(_), _) => false,
        })
    }
}

/// Downloads images.
#[derive(Debug)]
pub(crate) struct Downloader {
    http: Client,
    hosts: AllowedHosts,
    max_bytes: usize,
}

impl Downloader {
    pub(crate) fn new(hosts: AllowedHosts, max_bytes: usize) -> Result<Self, reqwest::Error> {
        let http = http_builder().timeout(Duration::from_secs(30)).redirect(redirect::Policy::none()).build()?;
        Ok(Self { http, hosts, max_bytes })
    }

    /// The bytes behind `url`, at most as many as an image may have.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Bytes, DownloadError> {
        let url: Url = url.parse().map_err(|_| DownloadError::Never("its address cannot be read"))?;
        if !self.hosts.allow(&url) {
            return Err(DownloadError::Never("its address is not one of fal's hosts"));
        }
        let response = self.http.get(url).send().await.map_err(later)?;
        let status = response.status();
        if status != StatusCode::OK {
            let form = if status.is_redirection() { Form::Redirect } else { Form::Untyped(status.as_u16()) };
            let answered = format!("the file host answered {status}");
            return Err(match Says::of(Question::Download, form, false) {
                Says::Doubt | Says::Outcome | Says::Answer => DownloadError::Doubt(answered),
                Says::Nothing | Says::Closed | Says::Perhaps => DownloadError::Later(answered.into()),
            });
        }
        let too_large = || DownloadError::TooLarge { limit: self.max_bytes };
        let announced = response.content_length().unwrap_or_default();
        if announced > self.max_bytes as u64 {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(later)?;
            // The announcement may have been missing or a lie.
            if bytes.len() + chunk.len() > self.max_bytes {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }
}

fn later(error: reqwest::Error) -> DownloadError {
    DownloadError::Later(Box::new(error.without_url()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fals_own_hosts_over_https() {
        let hosts = AllowedHosts::parse("fal.media, storage.googleapis.com,http://127.0.0.1:4000");
        let allow = |url: &str| hosts.allow(&url.parse().unwrap());
        assert!(allow("https://v3b.fal.media/files/b/zebra/a.png"));
        assert!(allow("https://fal.media/files/a.png"));
        assert!(allow("http://127.0.0.1:4000/files/a.png"));
        for url in [
            "http://v3.fal.media/a.png",
            "https://evilfal.media/a.png",
            "https://fal.media.evil.example/a.png",
            "https://fal.media:8443/a.png",
            "http://127.0.0.1:4001/a.png",
            "http://169.254.169.254/latest/meta-data",
            "https://[::1]/a.png",
            "file:///etc/passwd",
        ] {
            assert!(!allow(url), "{url}");
        }
    }
}
