//! What this function may touch, and its one route.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use likeness_core::{
    config::{ConfigError, Env},
    fal::Jwks,
    start::StartError,
    steps::record_result::Recorder,
};
use likeness_domain::{clock::Clock, rng::Rng};

use crate::receive::receive;

/// The largest callback that is read. Images come as addresses, so even this is generous.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) recorder: Recorder,
    pub(crate) jwks: Jwks,
    /// Our own id at fal. Every fal customer's callbacks are signed with the same keys.
    pub(crate) user_id: Option<String>,
    /// Of so many callbacks in a hundred the result is looked up too, which has the bill.
    bill_sample: u32,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, rng: Rng) -> Result<Self, StartError> {
        let (name, fix) = ("FAL_BILL_SAMPLE_PERCENT", "set it to a whole number, 0 to 100");
        let bill_sample = env.parsed(name, 5, fix)?;
        if bill_sample > 100 {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() }.into());
        }
        let jwks = env.url("FAL_JWKS_URL", Some("https://rest.fal.ai/.well-known/jwks.json"))?;
        Ok(Self {
            recorder: Recorder::from_env(env, rng)?,
            jwks: Jwks::new(jwks)?,
            bill_sample,
            user_id: env.optional("FAL_WEBHOOK_USER_ID").map(str::to_owned),
            clock,
        })
    }
}

impl App {
    /// Whether the bill of this one is looked at.
    pub(crate) fn is_sampled(&self) -> bool {
        self.recorder.rng.range(0..100) < self.bill_sample
    }
}

/// The route, for `lambda_http` and for any other server.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/api/webhooks/fal", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(app))
}
