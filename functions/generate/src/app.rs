//! What this function may touch.

use likeness_core::{
    admission::Limits,
    bucket::Bucket,
    clock::Clock,
    config::{BucketConfig, Env, FalConfig},
    entropy::Entropy,
    fal::Fal,
    outcome::Recorder,
    start::StartError,
};
use url::Url;

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) recorder: Recorder,
    pub(crate) fal: Fal,
    /// Where fal finds the images that a request refers to.
    pub(crate) bucket: Bucket,
    pub(crate) limits: Limits,
    /// Where fal calls back.
    pub(crate) webhook: Url,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let mut webhook = env.url("PUBLIC_URL", None)?;
        webhook.set_path(&format!("{}/api/webhooks/fal", webhook.path().trim_end_matches('/')));
        Ok(Self {
            recorder: Recorder::from_env(env, entropy)?,
            fal: Fal::new(FalConfig::from_env(env)?)?,
            bucket: Bucket::new(BucketConfig::from_env(env)?),
            limits: Limits::from_env(env)?,
            webhook,
            clock,
        })
    }
}
