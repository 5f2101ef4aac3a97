//! What this function may touch.

use likeness_core::{
    admission::Limits,
    clock::Clock,
    config::{ConfigError, Env, FalConfig, QueueConfig, StoreConfig},
    entropy::Entropy,
    fal::Fal,
    outcome::Recorder,
    queue::Queues,
    store::Store,
};

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) recorder: Recorder,
    pub(crate) fal: Fal,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
}

/// A start that failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A configuration value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS.
    #[error("no usable TLS roots")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        Ok(Self {
            recorder: Recorder {
                store: Store::new(StoreConfig::from_env(env)?, entropy.clone()),
                queues: Queues::new(QueueConfig::from_env(env, &["MASTER_QUEUE_URL", "INGEST_QUEUE_URL"])?),
                entropy,
            },
            fal: Fal::new(FalConfig::from_env(env)?).map_err(|error| StartError::Tls(Box::new(error)))?,
            limits: Limits::from_env(env)?,
            clock,
        })
    }
}
