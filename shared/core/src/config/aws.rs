//! AWS.

use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};

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
    pub(super) fn from_env(env: &Env, endpoint: &str) -> Result<Self, ConfigError> {
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
