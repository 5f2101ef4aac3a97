//! fal.ai.

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};
use likeness_domain::admission::Limits;

/// fal.ai.
#[derive(Debug, Clone)]
pub struct FalConfig {
    /// `FAL_KEY`, or `FAL_KEY_ID` and `FAL_KEY_SECRET` joined.
    pub key: SecretString,
    /// `FAL_QUEUE_URL`.
    pub queue_url: Url,
    /// The times that fal gets.
    pub patience: Patience,
}

/// How long fal gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// `FAL_START_TIMEOUT_SECONDS`: until a runner must have started; sent to fal.
    pub start: SignedDuration,
    /// `FAL_GENERATION_TIMEOUT_SECONDS`: for the generation itself.
    pub generation: SignedDuration,
    /// `FAL_CHECK_AFTER_SECONDS`: how long a callback may be late before fal is asked.
    pub check: SignedDuration,
    /// `FAL_OUTAGE_PATIENCE_HOURS`: for how long a job waits for a fal that takes nothing, or says nothing.
    pub outage: SignedDuration,
}

impl Patience {
    /// From when on an attempt that was never heard of counts as lost: fal would have called back by then.
    #[must_use]
    pub fn window(self) -> SignedDuration {
        self.start + self.generation + SignedDuration::from_secs(5)
    }

    /// Reads it.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let seconds = |name, default: u32| {
            let value = env.parsed(name, default, "set it to a whole number of seconds, at least 1")?;
            if value == 0 {
                let fix = "set it to a whole number of seconds, at least 1".to_owned();
                return Err(ConfigError::Malformed { name: name.to_owned(), fix });
            }
            Ok(SignedDuration::from_secs(value.into()))
        };
        let (name, fix) = ("FAL_OUTAGE_PATIENCE_HOURS", "set it to a whole number of hours, 1 to 168");
        let hours = env.parsed(name, 6, fix)?;
        if !(1..=168).contains(&hours) {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() });
        }
        Ok(Self {
            outage: SignedDuration::from_hours(hours),
            start: seconds("FAL_START_TIMEOUT_SECONDS", 120)?,
            generation: seconds("FAL_GENERATION_TIMEOUT_SECONDS", 60)?,
            check: seconds("FAL_CHECK_AFTER_SECONDS", 60)?,
        })
    }
}

impl FalConfig {
    /// Reads it.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "create a key with the API scope on fal's dashboard, or set FAL_KEY_ID and FAL_KEY_SECRET";
        let key = match (env.optional("FAL_KEY"), env.optional("FAL_KEY_ID"), env.optional("FAL_KEY_SECRET")) {
            (Some(key), _, _) => key.to_owned(),
            (None, Some(id), Some(secret)) => format!("{id}:{secret}"),
            (None, _, _) => env.required("FAL_KEY", fix)?.to_owned(),
        };
        if !key.contains(':') || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let fix = "it has the form <key id>:<key secret>".to_owned();
            return Err(ConfigError::Malformed { name: "FAL_KEY".to_owned(), fix });
        }
        Ok(Self {
            key: key.into(),
            queue_url: env.url("FAL_QUEUE_URL", Some("https://queue.fal.run"))?,
            patience: Patience::from_env(env)?,
        })
    }
}

/// What the fal account allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalLimits(pub Limits);

impl FalLimits {
    /// Reads `MAX_CONCURRENT_GENERATIONS` and `FAL_RATE_LIMIT_PER_MINUTE`.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "set it to a whole number, at least 1";
        let malformed = |name: &str| ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() };
        let slots = env.parsed("MAX_CONCURRENT_GENERATIONS", 10, fix)?;
        let per_minute = env.parsed("FAL_RATE_LIMIT_PER_MINUTE", 60, fix)?;
        if !(1..=1000).contains(&slots) {
            return Err(malformed("MAX_CONCURRENT_GENERATIONS"));
        }
        if per_minute == 0 {
            return Err(malformed("FAL_RATE_LIMIT_PER_MINUTE"));
        }
        Ok(Self(Limits { slots, per_minute }))
    }
}
