//! R2, and what goes there.

use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};

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
