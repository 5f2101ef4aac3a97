//! DynamoDB.

use super::{AwsConfig, ConfigError, Env};

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
