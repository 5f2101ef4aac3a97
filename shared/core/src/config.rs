//! Configuration: read once at the start, loud when it is wrong. The only module that reads the environment.
//!
//! Every function composes its own configuration from the parts that it may touch. The names are in the README's table.

use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr, sync::Arc};

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::{
    admission::Limits,
    lane::Lane,
    prompt::{Template, Wording},
};

/// A value that stops the start, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is absent or empty.
    #[error("{name} is not set: {fix}")]
    Missing {
        /// The variable.
        name: String,
        /// What to do.
        fix: String,
    },
    /// A variable's value cannot be understood. The value itself is not shown: it may be a secret in the wrong place.
    #[error("{name} is malformed: {fix}")]
    Malformed {
        /// The variable.
        name: String,
        /// What to do.
        fix: String,
    },
}

/// Named values, of this process or of whoever starts a function within one.
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

/// How to reach an AWS service.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`; Lambda always sets it.
    pub session_token: Option<SecretString>,
    /// `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL`; absent on AWS.
    pub endpoint: Option<Url>,
}

impl AwsConfig {
    fn from_env(env: &Env, endpoint: &str) -> Result<Self, ConfigError> {
        let fix = "Lambda sets it; elsewhere export it, for example with `aws configure export-credentials`";
        let endpoint = match (env.optional(endpoint), env.optional("AWS_ENDPOINT_URL")) {
            (Some(_), _) => Some(env.url(endpoint, None)?),
            (None, Some(_)) => Some(env.url("AWS_ENDPOINT_URL", None)?),
            (None, None) => None,
        };
        Ok(Self {
            region: env.required("AWS_REGION", fix)?.to_owned(),
            access_key_id: env.required("AWS_ACCESS_KEY_ID", fix)?.to_owned(),
            secret_access_key: env.required("AWS_SECRET_ACCESS_KEY", fix)?.into(),
            session_token: env.optional("AWS_SESSION_TOKEN").map(Into::into),
            endpoint,
        })
    }
}

/// The table.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// How to reach DynamoDB.
    pub aws: AwsConfig,
    /// `TABLE_NAME`.
    pub table: String,
}

impl StoreConfig {
    /// Reads it.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            aws: AwsConfig::from_env(env, "AWS_ENDPOINT_URL_DYNAMODB")?,
            table: env.required("TABLE_NAME", "set it to the name of the DynamoDB table")?.to_owned(),
        })
    }
}

/// The queues.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// How to reach SQS.
    pub aws: AwsConfig,
    /// The URL of each lane, by the variable that [`Lane::variable`] names.
    pub lanes: BTreeMap<Lane, String>,
    /// `INGEST_QUEUE_URL`: what fal has delivered.
    pub ingest: String,
}

impl QueueConfig {
    /// Reads it: whoever sends hints may send to all lanes and to ingest.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "set it to the URL of the SQS queue";
        let lanes = Lane::ALL.map(|lane| Ok((lane, env.required(lane.variable(), fix)?.to_owned())));
        Ok(Self {
            aws: AwsConfig::from_env(env, "AWS_ENDPOINT_URL_SQS")?,
            lanes: lanes.into_iter().collect::<Result<_, ConfigError>>()?,
            ingest: env.required("INGEST_QUEUE_URL", fix)?.to_owned(),
        })
    }
}

/// The comparison of faces.
#[derive(Debug, Clone)]
pub struct FaceConfig {
    /// Where Rekognition is.
    pub aws: AwsConfig,
    /// `FACE_SIMILARITY`: from which similarity on two faces are one person's, 0 to 1.
    pub least: f32,
}

impl FaceConfig {
    /// Reads it; `None` where `FACE_CHECK` is off.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let name = "FACE_CHECK";
        match env.optional(name) {
            None | Some("off") => return Ok(None),
            Some("rekognition") => {}
            Some(_) => {
                let fix = "set it to off or to rekognition".to_owned();
                return Err(ConfigError::Malformed { name: name.to_owned(), fix });
            }
        }
        let fix = "set it to a number from 0.5 to 1";
        let least: f32 = env.parsed("FACE_SIMILARITY", 0.85, fix)?;
        if !(0.5..=1.0).contains(&least) {
            return Err(ConfigError::Malformed { name: "FACE_SIMILARITY".to_owned(), fix: fix.to_owned() });
        }
        Ok(Some(Self { aws: AwsConfig::from_env(env, "AWS_ENDPOINT_URL_REKOGNITION")?, least }))
    }
}

/// The bucket.
#[derive(Debug, Clone)]
pub struct BucketConfig {
    /// `R2_ENDPOINT`.
    pub endpoint: Url,
    /// `R2_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `R2_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `R2_BUCKET_NAME`.
    pub bucket: String,
    /// `R2_PUBLIC_DOMAIN`: the custom domain of a public bucket; without it URLs are signed and expire.
    pub public: Option<Url>,
}

impl BucketConfig {
    /// Reads it.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "create an R2 API token with read and write access to the bucket";
        let public = match env.optional("R2_PUBLIC_DOMAIN") {
            None => None,
            Some(domain) if domain.contains("://") => Some(env.url("R2_PUBLIC_DOMAIN", None)?),
            Some(domain) => Some(env.url("", Some(&format!("https://{domain}"))).map_err(|_| {
                let fix = "set it to a host name such as images.example.com, or leave it out for signed URLs";
                ConfigError::Malformed { name: "R2_PUBLIC_DOMAIN".to_owned(), fix: fix.to_owned() }
            })?),
        };
        Ok(Self {
            endpoint: env.url("R2_ENDPOINT", None)?,
            access_key_id: env.required("R2_ACCESS_KEY_ID", fix)?.to_owned(),
            secret_access_key: env.required("R2_SECRET_ACCESS_KEY", fix)?.into(),
            bucket: env.required("R2_BUCKET_NAME", "set it to the name of the R2 bucket")?.to_owned(),
            public,
        })
    }
}

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

/// `MAX_LANE_BACKLOG`: with so many shots waiting in a lane no further request for it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneBacklog(pub u32);

impl LaneBacklog {
    /// Reads it.
    ///
    /// # Errors
    /// The value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (name, fix) = ("MAX_LANE_BACKLOG", "set it to a whole number, 1 to 100000");
        let shots = env.parsed(name, 1000, fix)?;
        if !(1..=100_000).contains(&shots) {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() });
        }
        Ok(Self(shots))
    }
}

/// The largest image that is accepted, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargestImage(pub u64);

impl LargestImage {
    /// Reads `IMAGE_MAX_SIZE_MB`.
    ///
    /// # Errors
    /// The value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (name, fix) = ("IMAGE_MAX_SIZE_MB", "set it to a whole number of megabytes, 1 to 50");
        let megabytes: u64 = env.parsed(name, 10, fix)?;
        if !(1..=50).contains(&megabytes) {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() });
        }
        Ok(Self(megabytes * 1024 * 1024))
    }
}

/// Names of hosts whose addresses are known, as in a hosts file: no name server is asked about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownHosts(pub BTreeMap<String, Vec<IpAddr>>);

impl KnownHosts {
    /// Reads `IMAGE_KNOWN_HOSTS`.
    ///
    /// # Errors
    /// The value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let name = "IMAGE_KNOWN_HOSTS";
        let mut known: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
        let pairs = env.optional(name).into_iter().flat_map(|list| list.split(',')).map(str::trim);
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let pair =
                pair.split_once('=').and_then(|(host, address)| Some((host.trim(), address.trim().parse().ok()?)));
            let (host, address) = pair.ok_or_else(|| ConfigError::Malformed {
                name: name.to_owned(),
                fix: "set it to names with addresses such as cdn.example.com=93.184.216.34".to_owned(),
            })?;
            known.entry(host.to_lowercase()).or_default().push(address);
        }
        Ok(Self(known))
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

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
