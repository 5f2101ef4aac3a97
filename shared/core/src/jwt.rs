//! Users who signed in elsewhere: JSON Web Tokens (RFC 7519) of one issuer. Here alone a token is believed or not.
//!
//! A token says which key signed it and how. Neither is taken at its word: the key is one that the issuer publishes, the
//! way is one of a closed list, and fits the key.

mod claims;
mod compact;
mod jwk;
mod key_set;

use jiff::Timestamp;

use self::{compact::Compact, key_set::KeySet};
use crate::config::JwtConfig;
use likeness_domain::{id::UserId, project::Scope};

/// The longest token that is looked at.
const LONGEST: usize = 8 * 1024;

/// An issuer, and the keys that it publishes.
#[derive(Debug)]
pub struct Issuer {
    config: JwtConfig,
    keys: KeySet,
}

/// A user who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub user: UserId,
    /// Each once.
    pub scopes: Vec<Scope>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was good once.
    #[error("it has expired")]
    Expired,
    /// Everything else; why is for the log, and for no caller.
    #[error("{0}")]
    Invalid(&'static str),
}

/// Why nothing can be said of a user.
#[derive(Debug, thiserror::Error)]
pub enum JwtError {
    #[error("the token is refused")]
    Refused(#[from] Refused),
    /// It may be good, and the keys to tell cannot be had.
    #[error("the issuer's keys cannot be fetched")]
    Unavailable(#[from] key_set::NoKeys),
}

/// Whether a text has the form of a signed token.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.split('.').count() == 3
}

impl Issuer {
    /// An issuer; nothing is fetched before the first token.
    #[must_use]
    pub fn new(config: JwtConfig) -> Self {
        Self { keys: KeySet::new(config.jwks_url.clone()), config }
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// It is not believed, or there are no keys to judge it by.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<SignedIn, JwtError> {
        if token.len() > LONGEST {
            return Err(Refused::Invalid("it is too long").into());
        }
        let token = Compact::parse(token)?;
        // Before its key is looked for: what another issued, or what is over, is no reason to ask for keys.
        let signed_in = token.claims.believed(&self.config, now)?;
        let key = self.keys.key(&token.kid, now).await?.ok_or(Refused::Invalid("no key has its kid"))?;
        if !key.verifies(token.algorithm, token.signed, &token.signature) {
            return Err(Refused::Invalid("its key did not sign it so").into());
        }
        Ok(signed_in)
    }
}
