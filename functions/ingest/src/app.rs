//! What this function may touch.

use likeness_core::{
    bucket::Bucket,
    clock::Clock,
    config::{BucketConfig, CacheTtls, ConfigError, Env},
    entropy::Entropy,
    intake::Intake,
    start::StartError,
    store::Store,
};
use likeness_vision::Limits;
use tokio::sync::Semaphore;

use crate::download::{AllowedHosts, Downloader};

/// Where fal keeps results.
const FAL_HOSTS: &str = "fal.media,storage.googleapis.com";

/// Most images in work at once: the function's memory holds two of the largest, decoded.
const DESKS: usize = 2;

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Store,
    /// For the next step of a workflow.
    pub(crate) intake: Intake,
    /// For how long a finished job answers the same request.
    pub(crate) cache: CacheTtls,
    pub(crate) bucket: Bucket,
    pub(crate) downloader: Downloader,
    /// What an image may be.
    pub(crate) limits: Limits,
    /// One for each image in work.
    pub(crate) desks: Semaphore,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let fix = "set it to a whole number of megabytes, 1 to 50";
        let megabytes: usize = env.parsed("IMAGE_MAX_SIZE_MB", 10, fix)?;
        if !(1..=50).contains(&megabytes) {
            let (name, fix) = ("IMAGE_MAX_SIZE_MB".to_owned(), fix.to_owned());
            return Err(ConfigError::Malformed { name, fix }.into());
        }
        let limits = Limits { max_bytes: megabytes * 1024 * 1024, ..Limits::default() };
        let mut hosts = AllowedHosts::parse(env.optional("FAL_IMAGE_HOSTS").unwrap_or(FAL_HOSTS));
        // What stands in for fal serves its images itself.
        if env.optional("FAL_QUEUE_URL").is_some() {
            hosts.add_server(env.url("FAL_QUEUE_URL", None)?);
        }
        let intake = Intake::from_env(env, entropy)?;
        Ok(Self {
            store: intake.store.clone(),
            intake,
            cache: CacheTtls::from_env(env)?,
            bucket: Bucket::new(BucketConfig::from_env(env)?),
            downloader: Downloader::new(hosts, limits.max_bytes)?,
            limits,
            desks: Semaphore::new(DESKS),
            clock,
        })
    }
}
