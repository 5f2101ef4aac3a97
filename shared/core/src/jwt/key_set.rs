//! The issuer's keys: fetched when a token needs them, kept, and fetched anew when they are old or do not have the key
//! that a token names. Forged names are many, so that is not done often; requests at one moment share a fetch.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex as Turn, MutexGuard as Turned};
use url::Url;

use super::jwk::{self, Key};
use crate::{
    clients::document::{NoDocument, fetch},
    telemetry::causes,
};

/// For how long keys are taken without asking.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// For how long they are taken while the issuer cannot be reached.
const GOOD: SignedDuration = SignedDuration::from_hours(1);
/// Between two fetches, whatever comes.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// The same while there are no keys at all: no user can sign in.
const PAUSE_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(5);
const LARGEST: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(3);

/// Why there are no keys to judge a token by.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    /// The last fetch failed, and the next may not be made yet.
    #[error("they could not be fetched a moment ago")]
    Earlier,
    #[error("no document at the address of the key set")]
    NoDocument(#[from] NoDocument),
    #[error("the key set cannot be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("the key set has no key for signatures")]
    Empty,
}

#[derive(Debug)]
pub(super) struct KeySet {
    url: Url,
    /// Never held over a wait.
    cache: Mutex<Cache>,
    /// Held by the one that fetches.
    fetching: Turn<()>,
}

#[derive(Debug, Default)]
struct Cache {
    keys: HashMap<String, Arc<Key>>,
    fetched_at: Option<Timestamp>,
    /// When a fetch last ended, and how many did.
    tried_at: Option<Timestamp>,
    tries: u64,
    /// The last fetch brought nothing: a key that is not here may be there.
    failed: bool,
}

/// What the keys at hand say.
enum Look {
    Known(Arc<Key>),
    /// Good, and old enough to ask whether it still is.
    Old(Arc<Key>),
    Unknown,
    /// A fetch would tell, and may not be made yet.
    Later,
    /// A fetch will tell; so many ended before.
    Fetch(u64),
}

impl KeySet {
    pub(super) fn new(url: Url) -> Self {
        Self { url, cache: Mutex::default(), fetching: Turn::default() }
    }

    /// The key that the issuer calls `kid`, if it has one.
    pub(super) async fn key(&self, kid: &str, now: Timestamp) -> Result<Option<Arc<Key>>, NoKeys> {
        let look = self.cache().look(kid, now);
        let (turn, tries) = match look {
            Look::Known(key) => return Ok(Some(key)),
            Look::Unknown => return Ok(None),
            Look::Later => return Err(NoKeys::Earlier),
            Look::Fetch(tries) => (self.fetching.lock().await, Some(tries)),
            // Only one that finds out waits.
            Look::Old(key) => match self.fetching.try_lock() {
                Ok(turn) => (turn, None),
                Err(_) => return Ok(Some(key)),
            },
        };
        self.renewed(turn, tries, kid, now).await
    }

    /// Fetches the keys, unless that was done since `tries` of them, and looks again.
    async fn renewed(
        &self,
        turn: Turned<'_, ()>,
        tries: Option<u64>,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Key>>, NoKeys> {
        let mut failure = NoKeys::Earlier;
        if tries.is_none_or(|tries| self.cache().tries == tries) {
            let fetched = self.fetch().await;
            if let Err(error) = self.cache().take(fetched, now) {
                tracing::warn!(
                    event = "jwks_unavailable",
                    error = causes(&error),
                    "the issuer's keys cannot be fetched"
                );
                failure = error;
            }
        }
        drop(turn);
        let cache = self.cache();
        match cache.good(kid, now) {
            Some(key) => Ok(Some(key)),
            None if cache.failed => Err(failure),
            None => Ok(None),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>, NoKeys> {
        let keys = jwk::keys(&fetch(&self.url, LARGEST, PATIENCE).await?)?;
        // A fault of the issuer's, and not that it has withdrawn all of them.
        if keys.is_empty() { Err(NoKeys::Empty) } else { Ok(keys) }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn look(&self, kid: &str, now: Timestamp) -> Look {
        let key = self.good(kid, now);
        let may_fetch = !within(self.tried_at, if self.are(GOOD, now) { PAUSE } else { PAUSE_WITHOUT_KEYS }, now);
        match key {
            Some(key) if may_fetch && !self.are(FRESH, now) => Look::Old(key),
            Some(key) => Look::Known(key),
            None if may_fetch => Look::Fetch(self.tries),
            None if self.failed => Look::Later,
            None => Look::Unknown,
        }
    }

    fn good(&self, kid: &str, now: Timestamp) -> Option<Arc<Key>> {
        self.keys.get(kid).filter(|_| self.are(GOOD, now)).cloned()
    }

    /// Whether the keys were fetched within `length`.
    fn are(&self, length: SignedDuration, now: Timestamp) -> bool {
        within(self.fetched_at, length, now)
    }

    fn take(&mut self, fetched: Result<HashMap<String, Key>, NoKeys>, now: Timestamp) -> Result<(), NoKeys> {
        (self.tries, self.tried_at) = (self.tries + 1, Some(now));
        self.failed = fetched.is_err();
        self.keys = fetched?.into_iter().map(|(kid, key)| (kid, Arc::new(key))).collect();
        self.fetched_at = Some(now);
        Ok(())
    }
}

fn within(then: Option<Timestamp>, length: SignedDuration, now: Timestamp) -> bool {
    then.is_some_and(|then| now.duration_since(then) < length)
}
