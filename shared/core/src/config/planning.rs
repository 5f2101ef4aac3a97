//! How requests are planned, and for how long they are answered by what was made.

use jiff::SignedDuration;

use super::{ConfigError, Env};
use likeness_domain::prompt::{Template, Wording};

/// How requests are planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planning {
    /// How prompts are worded.
    pub wording: Wording,
    /// `PROFILE_BATCH_SIZE`: most shots of one profile in flight at once.
    pub profile_batch: u16,
}

impl Planning {
    /// Reads it.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (name, fix) = ("PROFILE_BATCH_SIZE", "set it to a whole number, 1 to 36");
        let profile_batch = env.parsed(name, 4, fix)?;
        if !(1..=36).contains(&profile_batch) {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() });
        }
        Ok(Self { wording: PromptWords::from_env(env)?.0, profile_batch })
    }
}

/// For how long a finished job answers the same request; a master reference does for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheTtls {
    /// `PROFILE_CACHE_TTL`, in seconds.
    pub profile: SignedDuration,
    /// `IMAGE_CACHE_TTL`, in seconds: scenes and portraits.
    pub image: SignedDuration,
}

impl CacheTtls {
    /// Reads them.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "set it to a whole number of seconds; 0 caches nothing";
        let seconds = |name, default: u32| Ok(SignedDuration::from_secs(env.parsed(name, default, fix)?.into()));
        Ok(Self { profile: seconds("PROFILE_CACHE_TTL", 7 * 86_400)?, image: seconds("IMAGE_CACHE_TTL", 86_400)? })
    }
}

/// How prompts are worded in this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptWords(pub Wording);

impl PromptWords {
    /// Reads `PROMPT_REFUSED_TERMS`, `PROMPT_REMOVED_TERMS` and `PROMPT_TEMPLATE_SHARES`.
    ///
    /// # Errors
    /// A value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let usual = Wording::default();
        let terms = |name, usual| match env.optional(name) {
            None => usual,
            // A dash alone is an empty list: an empty value counts as absent.
            Some("-") => Vec::new(),
            Some(list) => list.split(',').map(|term| term.trim().to_owned()).filter(|term| !term.is_empty()).collect(),
        };
        let name = "PROMPT_TEMPLATE_SHARES";
        let malformed = || ConfigError::Malformed {
            name: name.to_owned(),
            fix: "set it to shares such as master-character@1=50,master-character@2=50".to_owned(),
        };
        let shares = env.optional(name).into_iter().flat_map(|list| list.split(',')).map(|share| {
            let (template, share) = share.split_once('=').ok_or_else(malformed)?;
            let template = Template::by_reference(template.trim()).ok_or_else(malformed)?;
            Ok((template.reference(), share.trim().parse().map_err(|_| malformed())?))
        });
        Ok(Self(Wording {
            refused: terms("PROMPT_REFUSED_TERMS", usual.refused),
            removed: terms("PROMPT_REMOVED_TERMS", usual.removed),
            shares: shares.collect::<Result<_, ConfigError>>()?,
        }))
    }
}
