//! What this function may touch.

use likeness_core::{
    admission::Limits,
    clock::Clock,
    config::{Env, FalConfig, FalLimits},
    entropy::Entropy,
    fal::Fal,
    start::StartError,
    steps::record_result::Recorder,
};

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) recorder: Recorder,
    pub(crate) fal: Fal,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        Ok(Self {
            recorder: Recorder::from_env(env, entropy)?,
            fal: Fal::new(FalConfig::from_env(env)?)?,
            limits: FalLimits::from_env(env)?.0,
            clock,
        })
    }
}
