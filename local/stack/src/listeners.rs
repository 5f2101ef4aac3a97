//! The ports. Addresses of images and of requests at the emulator are stored, and fal calls back where it was told to,
//! so a stack that goes on with old data has to be found at the old ports.

use std::{collections::BTreeMap, fs, path::Path};

use tokio::net::TcpListener;

use super::StartError;

const API: &str = "api";

/// One listener for each server, on loopback.
pub(super) struct Listeners {
    pub(super) api: TcpListener,
    pub(super) dynamodb: TcpListener,
    pub(super) sqs: TcpListener,
    pub(super) s3: TcpListener,
    pub(super) public: TcpListener,
    pub(super) fal: TcpListener,
}

impl Listeners {
    pub(super) async fn bind(port: u16, data: Option<&Path>) -> Result<Self, StartError> {
        let file = data.map(|data| data.join("ports.json"));
        let known: BTreeMap<String, u16> = file
            .as_ref()
            .and_then(|file| fs::read(file).ok())
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default();
        let api = match known.get(API) {
            Some(known) if port == 0 => {
                at(*known, "fal calls back at this port: free it, or use another --data").await?
            }
            _ => at(port, "choose another with --port").await?,
        };
        let mut ports = BTreeMap::from([(API.to_owned(), port_of(&api)?)]);
        let mut next = port;
        let mut engine = async |name: &str| {
            next = next.wrapping_add(1);
            let listener = match known.get(name) {
                Some(known) => at(*known, "images are stored under this port: free it, or use another --data").await?,
                // The next port if it is free: it reads well in a log. Any other will do.
                None if port != 0 => match TcpListener::bind(("127.0.0.1", next)).await {
                    Ok(listener) => listener,
                    Err(_) => at(0, "no port is free").await?,
                },
                None => at(0, "no port is free").await?,
            };
            ports.insert(name.to_owned(), port_of(&listener)?);
            Ok::<_, StartError>(listener)
        };
        let listeners = Self {
            dynamodb: engine("dynamodb").await?,
            sqs: engine("sqs").await?,
            s3: engine("s3").await?,
            public: engine("images").await?,
            fal: engine("fal").await?,
            api,
        };
        if let Some(file) = file {
            let json = serde_json::to_vec(&ports).unwrap_or_default();
            let what = format!("cannot write {}", file.display());
            fs::write(&file, json).map_err(|source| StartError::Io { what, source })?;
        }
        Ok(listeners)
    }

    pub(super) fn url(&self) -> Result<String, StartError> {
        Ok(format!("http://127.0.0.1:{}", port_of(&self.api)?))
    }
}

async fn at(port: u16, fix: &str) -> Result<TcpListener, StartError> {
    let what = || format!("cannot listen on 127.0.0.1:{port}: {fix}");
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|source| StartError::Io { what: what(), source })
}

fn port_of(listener: &TcpListener) -> Result<u16, StartError> {
    let what = || "a listener has no address".to_owned();
    Ok(listener.local_addr().map_err(|source| StartError::Io { what: what(), source })?.port())
}
