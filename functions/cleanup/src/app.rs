//! What this function may touch.

use likeness_core::{
    config::{Env, FalConfig, FalLimits},
    fal::Fal,
    start::StartError,
    steps::record_result::Recorder,
};
use likeness_domain::{admission::Limits, clock::Clock, rng::Rng};

use crate::reconcile::QUESTION_TIME_OUT;

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
    pub fn start(env: &Env, clock: Clock, rng: Rng) -> Result<Self, StartError> {
        Ok(Self {
            recorder: Recorder::from_env(env, rng)?,
            fal: Fal::new(FalConfig::from_env(env)?)?.asking_for(QUESTION_TIME_OUT),
            limits: FalLimits::from_env(env)?.0,
            clock,
        })
    }
}
