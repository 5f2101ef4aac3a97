//! API keys.

pub(crate) mod create_key;
pub(crate) mod list_keys;
pub(crate) mod revoke_key;

use likeness_core::id::UserId;
use serde::Deserialize;

use crate::{
    access::Caller,
    problem::{ApiError, FieldError},
};

/// Whose keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhoseKeys {
    user_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl WhoseKeys {
    pub(crate) fn user(&self, caller: &Caller) -> Result<UserId, ApiError> {
        match &self.user_id {
            None => Ok(caller.user.clone()),
            Some(user) => user.parse().map_err(|error| FieldError::query("userId", format!("is {error}")).into()),
        }
    }
}
