//! S3 as R2 offers it: `s3s` for the protocol, a store of ours in SQLite for the rest; and R2's public domain beside
//! it.
//!
//! `s3s` reads requests, checks signatures (by its own clock, also for the expiry of presigned URLs) and writes XML. The store
//! is ours, because every ready-made one failed the conformance suite.
//!
//! Bytes are BLOBs beside their metadata, not files: an object is one row, so a put is one transaction (no torn read,
//! no orphaned file after `kill -9`), a conditional put has one winner, and a key is any text instead of whatever the
//! file system makes of it. The price is memory (an object is read whole) and a file that does not shrink; images are
//! at most 10 MB, and of one put this engine takes at most 256 MiB, which most LoRAs are below.
//!
//! Not like S3 and R2: no versions, ACLs, policies, tags, lifecycle, storage classes or encryption; no UploadPartCopy,
//! no form posts; several ranges in one GET are answered with the whole object. A multipart object has no checksum. One
//! bucket at most is public.

mod body;
mod complete_upload;
mod conditions;
mod copy_object;
mod cors;
mod create_bucket;
mod delete_object;
mod gate;
mod get_object;
mod list_objects;
mod list_uploads;
mod public;
mod put_object;
mod service;
mod store;
mod upload_part;

use std::{fmt, path::Path};

use likeness_domain::clock::Clock;
use tokio::net::TcpListener;

use self::store::Store;
use super::{EngineError, file_in, server::Server, unopened};

/// The one pair of keys that the engine accepts.
#[derive(Clone)]
pub struct Keys {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A running S3 with a public domain.
pub struct S3 {
    store: Store,
    server: Server,
    public: Server,
}

impl S3 {
    /// Serves the API on `listener` and the public domain on `public`; data in `s3.sqlite` in the directory `data`, or
    /// in memory. `clock` dates objects.
    pub async fn start(
        listener: TcpListener,
        public: TcpListener,
        data: Option<&Path>,
        credentials: Keys,
        clock: Clock,
    ) -> Result<Self, EngineError> {
        let file = file_in(data, "s3.sqlite")?;
        let store = Store::open(file.as_deref(), clock).map_err(unopened(file.as_deref()))?;
        let server = Server::start(listener, service::router(store.clone(), credentials))?;
        let public = Server::start(public, public::router(store.clone()))?;
        Ok(Self { store, server, public })
    }

    /// `http://127.0.0.1:port`; clients have to use path style.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// What R2's public domain is: `{public_url}/{key}` without a signature.
    #[must_use]
    pub fn public_url(&self) -> String {
        self.public.endpoint()
    }

    /// Makes the bucket if it is not there, and the public domain show it from now on.
    pub async fn create_public_bucket(&self, name: &str) -> Result<(), EngineError> {
        let name = name.to_owned();
        Ok(self.store.publish(name).await?)
    }

    /// Lets the requests under way finish and closes the database.
    pub async fn stop(self) {
        tokio::join!(self.server.stop(), self.public.stop());
    }
}
