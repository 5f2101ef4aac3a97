//! An API key as clients see it: never its token.

use likeness_domain::{
    id::{KeyId, UserId},
    project::{ApiKey, Scope},
};
use serde::Serialize;

use crate::views::time::Time;

/// A key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    id: KeyId,
    user_id: UserId,
    name: String,
    scopes: Vec<Scope>,
    hint: String,
    created_at: Time,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            user_id: key.user,
            name: key.name,
            scopes: key.scopes,
            hint: key.hint,
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Time::from),
            revoked_at: key.revoked_at.map(Time::from),
        }
    }
}
