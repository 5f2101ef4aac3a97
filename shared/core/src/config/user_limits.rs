//! How much each user may ask for.

use super::{ConfigError, Env};
use likeness_domain::limit::{UserWindows, Window};

/// The windows of each user, where a project has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserLimits(pub UserWindows);

impl UserLimits {
    /// Reads `MAX_USER_REQUESTS` and `MAX_USER_PROFILES`: requests by seconds, as `10/3600`; `-` for no limit.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(UserWindows {
            requests: window(env, "MAX_USER_REQUESTS", Window { requests: 10, seconds: 3600 })?,
            profiles: window(env, "MAX_USER_PROFILES", Window { requests: 20, seconds: 3600 })?,
        }))
    }
}

fn window(env: &Env, name: &str, default: Window) -> Result<Option<Window>, ConfigError> {
    let window = match env.optional(name) {
        None => return Ok(Some(default)),
        Some("-") => return Ok(None),
        Some(text) => text
            .split_once('/')
            .and_then(|(requests, seconds)| Window::new(requests.trim().parse().ok()?, seconds.trim().parse().ok()?)),
    };
    window.map(Some).ok_or_else(|| ConfigError::Malformed {
        name: name.to_owned(),
        fix: format!(
            "set it to requests by seconds such as 10/3600, at most {}/{}, or to - for no limit",
            Window::MOST_REQUESTS,
            Window::LONGEST
        ),
    })
}
