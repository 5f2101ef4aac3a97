//! What stops a function's start.

use crate::config::ConfigError;

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A configuration value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An HTTP client could not be made.
    #[error("no usable TLS roots")]
    Tls(#[from] reqwest::Error),
}
