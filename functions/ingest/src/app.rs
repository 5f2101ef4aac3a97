//! What this function may touch.

use std::sync::{Arc, OnceLock};

use likeness_core::{
    clients::bucket::Bucket,
    clients::rekognition::FaceMatch,
    config::{BucketConfig, CacheTtls, Env, FaceMatchConfig, LargestImage},
    start::StartError,
    steps::accept::Acceptor,
    store::Store,
};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_vision::{Limits, embedding::Embedder};
use tokio::sync::Semaphore;

use crate::{
    download::{AllowedHosts, Downloader},
    verify::RecentFigures,
};

/// Where fal keeps results.
const FAL_HOSTS: &str = "fal.media,storage.googleapis.com";

/// Most images in work at once: the function's memory holds two of the largest, decoded.
const DECODES_AT_ONCE: usize = 2;

/// The learned network. Its weights are expanded when the first picture is judged, so that a cold start does not pay for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LazyEmbedder(Arc<OnceLock<Option<Embedder>>>);

impl LazyEmbedder {
    /// `None` in a build without weights: then figures are found before plain backdrops only, and identity is not judged.
    pub(crate) fn get(&self) -> Option<&Embedder> {
        self.0.get_or_init(Embedder::load).as_ref()
    }
}

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Store,
    /// For the next step of a workflow.
    pub(crate) acceptor: Acceptor,
    /// For how long a finished job answers the same request.
    pub(crate) cache: CacheTtls,
    pub(crate) bucket: Bucket,
    pub(crate) downloader: Downloader,
    /// Where faces are compared, if they are.
    pub(crate) faces: Option<FaceMatch>,
    /// For finding figures before any background, and for their identity.
    pub(crate) network: LazyEmbedder,
    /// What need not be looked at again.
    pub(crate) recent: RecentFigures,
    /// What an image may be.
    pub(crate) limits: Limits,
    /// One for each image in work.
    pub(crate) decode_permits: Semaphore,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, rng: Rng) -> Result<Self, StartError> {
        let LargestImage(max_bytes) = LargestImage::from_env(env)?;
        let limits = Limits { max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX), ..Limits::default() };
        let mut hosts = AllowedHosts::parse(env.optional("FAL_IMAGE_HOSTS").unwrap_or(FAL_HOSTS));
        // What stands in for fal serves its images itself.
        if env.optional("FAL_QUEUE_URL").is_some() {
            hosts.add_server(env.url("FAL_QUEUE_URL", None)?);
        }
        let acceptor = Acceptor::from_env(env, rng)?;
        Ok(Self {
            store: acceptor.store.clone(),
            acceptor,
            cache: CacheTtls::from_env(env)?,
            bucket: Bucket::new(BucketConfig::from_env(env)?),
            faces: FaceMatchConfig::from_env(env)?.map(|config| FaceMatch::new(config, clock.clone())).transpose()?,
            downloader: Downloader::new(hosts, limits.max_bytes)?,
            network: LazyEmbedder::default(),
            recent: RecentFigures::default(),
            limits,
            decode_permits: Semaphore::new(DECODES_AT_ONCE),
            clock,
        })
    }
}
