//! What this function may touch, and its one route.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use likeness_core::{
    clock::Clock, config::Env, entropy::Entropy, fal::Jwks, start::StartError, steps::record_result::Recorder,
};

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
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let jwks = env.url("FAL_JWKS_URL", Some("https://rest.fal.ai/.well-known/jwks.json"))?;
        Ok(Self {
            recorder: Recorder::from_env(env, entropy)?,
            jwks: Jwks::new(jwks)?,
            user_id: env.optional("FAL_WEBHOOK_USER_ID").map(str::to_owned),
            clock,
        })
    }
}

/// The route, for `lambda_http` and for any other server.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/api/webhooks/fal", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(app))
}
