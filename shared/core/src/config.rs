//! Configuration: read once at the start, loud when it is wrong. The only module that reads the environment.
//!
//! Every function composes its own configuration from the parts that it may touch. The names: `docs/configuration.md`.

mod aws;
mod bucket;
mod face_match;
mod fal;
mod jwt;
mod known_hosts;
mod planning;
mod queues;
mod table;
mod user_limits;

pub use aws::AwsConfig;
pub use bucket::{BucketConfig, LargestImage};
pub use face_match::FaceMatchConfig;
pub use fal::{FalConfig, FalLimits, Patience};
pub use jwt::JwtConfig;
pub use known_hosts::KnownHosts;
pub use planning::{CacheTtls, Planning, PromptWords};
pub use queues::{LaneBacklog, QueueConfig};
pub use table::StoreConfig;
pub use user_limits::UserLimits;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use url::Url;

/// A value that stops the start, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is absent or empty.
    #[error("{name} is not set: {fix}")]
    Missing {
        name: String,
        /// What to do.
        fix: String,
    },
    /// A variable's value cannot be understood. The value itself is not shown: it may be a secret in the wrong place.
    #[error("{name} is malformed: {fix}")]
    Malformed {
        name: String,
        /// What to do.
        fix: String,
    },
}

/// Named values, of this process, or given to a function that starts within one.
#[derive(Clone)]
pub struct Env(Arc<BTreeMap<String, String>>);

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

impl Env {
    /// The environment of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn process() -> Self {
        // A variable that is no text is none of ours.
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    /// A value; white space around it is cut, as a newline at the end of a key is a common mistake. Empty is absent.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A value that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn required(&self, name: &str, fix: &str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::Missing { name: name.to_owned(), fix: fix.to_owned() })
    }

    /// A value of another type than text, or `default` when it is absent.
    ///
    /// # Errors
    /// It is there and not of that type.
    pub fn parsed<T: FromStr>(&self, name: &str, default: T, fix: &str) -> Result<T, ConfigError> {
        match self.optional(name) {
            None => Ok(default),
            Some(value) => {
                value.parse().map_err(|_| ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() })
            }
        }
    }

    /// An absolute http or https address.
    ///
    /// # Errors
    /// It is absent without a default, or no such address.
    pub fn url(&self, name: &str, default: Option<&str>) -> Result<Url, ConfigError> {
        let fix = "set it to an absolute address such as https://example.com";
        let text = match (self.optional(name), default) {
            (Some(text), _) | (None, Some(text)) => text,
            (None, None) => self.required(name, fix)?,
        };
        let malformed = || ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() };
        let url: Url = text.parse().map_err(|_| malformed())?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(malformed()) }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use secrecy::ExposeSecret;

    use super::*;
    use likeness_domain::{
        admission::Limits,
        limit::{UserWindows, Window},
        prompt::Wording,
    };

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_key_may_come_in_two_parts_and_with_a_newline() {
        let key = |pairs: &[(&str, &str)]| FalConfig::from_env(&env(pairs)).map(|config| config.key);
        assert_eq!(key(&[("FAL_KEY", "id:secret\n")]).unwrap().expose_secret(), "id:secret");
        let parts = key(&[("FAL_KEY_ID", "id"), ("FAL_KEY_SECRET", "secret")]).unwrap();
        assert_eq!(parts.expose_secret(), "id:secret");
        assert!(matches!(key(&[("FAL_KEY_ID", "id")]), Err(ConfigError::Missing { name, .. }) if name == "FAL_KEY"));
        assert!(matches!(key(&[("FAL_KEY", "secret")]), Err(ConfigError::Malformed { name, .. }) if name == "FAL_KEY"));
    }

    #[test]
    fn an_error_names_the_variable_and_the_fix_and_not_the_value() {
        let error = env(&[("R2_ENDPOINT", "hunter2")]).url("R2_ENDPOINT", None).unwrap_err().to_string();
        assert_eq!(error, "R2_ENDPOINT is malformed: set it to an absolute address such as https://example.com");
        assert!(!format!("{:?}", env(&[("FAL_KEY", "id:hunter2")])).contains("hunter2"));
    }

    #[test]
    fn no_lane_may_be_without_a_queue() {
        let all =
            ["MASTER_QUEUE_URL", "PROFILE_QUEUE_URL", "COMPOSITE_QUEUE_URL", "PORTRAIT_QUEUE_URL", "INGEST_QUEUE_URL"];
        let read = |absent: &str| {
            let aws = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            let given = all.into_iter().chain(aws).filter(|name| *name != absent);
            QueueConfig::from_env(&env(&given.map(|name| (name, name)).collect::<Vec<_>>()))
        };
        assert_eq!(read("").unwrap().lanes.into_values().collect::<Vec<_>>(), all[..4]);
        for absent in all {
            assert!(matches!(read(absent), Err(ConfigError::Missing { name, .. }) if name == absent));
        }
    }

    #[test]
    fn limits_have_the_documented_defaults_and_are_never_zero() {
        assert_eq!(FalLimits::from_env(&env(&[])).unwrap().0, Limits { slots: 10, per_minute: 60 });
        assert!(FalLimits::from_env(&env(&[("MAX_CONCURRENT_GENERATIONS", "0")])).is_err());
        assert!(FalLimits::from_env(&env(&[("FAL_RATE_LIMIT_PER_MINUTE", "many")])).is_err());
    }

    #[test]
    fn a_lane_takes_a_thousand_shots_unless_told_otherwise_and_never_none() {
        let most = |value| LaneBacklog::from_env(&env(&[("MAX_LANE_BACKLOG", value)]));
        assert_eq!((most(""), most("5")), (Ok(LaneBacklog(1000)), Ok(LaneBacklog(5))));
        assert!(most("0").is_err() && most("100001").is_err() && most("many").is_err());
    }

    #[test]
    fn users_have_the_documented_windows_unless_told_otherwise() {
        let windows = |value| UserLimits::from_env(&env(&[("MAX_USER_REQUESTS", value)])).map(|limits| limits.0);
        let of = |requests, seconds| Some(Window { requests, seconds });
        assert_eq!(windows("").unwrap(), UserWindows { requests: of(10, 3600), profiles: of(20, 3600) });
        assert_eq!((windows("100/60").unwrap().requests, windows("-").unwrap().requests), (of(100, 60), None));
        for bad in ["0/60", "10", "10/0", "1001/60", "10/604801", "ten/60", "-1/60", "1e3/60"] {
            assert!(windows(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_words_of_prompts_can_be_set() {
        let wording = |pairs: &[(&str, &str)]| Planning::from_env(&env(pairs)).map(|planning| planning.wording);
        assert_eq!(wording(&[]).unwrap(), Wording::default());
        let own = wording(&[
            ("PROMPT_REFUSED_TERMS", "-"),
            ("PROMPT_REMOVED_TERMS", "clown, spider"),
            ("PROMPT_TEMPLATE_SHARES", "master-character@1=20, master-character@2=80"),
        ]);
        let own = own.unwrap();
        assert_eq!((own.refused.len(), own.removed), (0, vec!["clown".to_owned(), "spider".to_owned()]));
        assert_eq!(own.shares["master-character@2"], 80);
        for bad in ["master-character@1", "nothing@1=5", "master-character@1=many"] {
            assert!(wording(&[("PROMPT_TEMPLATE_SHARES", bad)]).is_err(), "{bad}");
        }
        assert!(Planning::from_env(&env(&[("PROFILE_BATCH_SIZE", "0")])).is_err());
    }

    #[test]
    fn a_known_host_may_have_several_addresses() {
        let known = |list| KnownHosts::from_env(&env(&[("IMAGE_KNOWN_HOSTS", list)])).map(|KnownHosts(known)| known);
        let two = known("A.example.com=192.0.2.1, b.example.com=192.0.2.2,a.example.com=2001:db8::1").unwrap();
        assert_eq!(
            two["a.example.com"],
            ["192.0.2.1", "2001:db8::1"].map(|address| address.parse::<IpAddr>().unwrap())
        );
        assert_eq!((two.len(), known("").unwrap().len()), (2, 0));
        assert!(known("a.example.com").is_err() && known("a.example.com=b").is_err());
    }

    #[test]
    fn a_public_domain_is_https_unless_it_says_otherwise() {
        let r2 = [
            ("R2_ENDPOINT", "https://a.r2.cloudflarestorage.com"),
            ("R2_ACCESS_KEY_ID", "a"),
            ("R2_SECRET_ACCESS_KEY", "b"),
            ("R2_BUCKET_NAME", "c"),
        ];
        let public = |domain| {
            let pairs: Vec<_> = r2.iter().copied().chain([("R2_PUBLIC_DOMAIN", domain)]).collect();
            BucketConfig::from_env(&env(&pairs)).map(|config| config.public.map(String::from))
        };
        assert_eq!(public("images.example.com").unwrap().as_deref(), Some("https://images.example.com/"));
        assert_eq!(public("http://127.0.0.1:9001").unwrap().as_deref(), Some("http://127.0.0.1:9001/"));
        assert_eq!(public("").unwrap(), None);
        assert!(public("a b").is_err());
    }
}
