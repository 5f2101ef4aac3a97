//! `PATCH /api/v1/keys/{key}`: another name, other scopes, another end, other limits or projects. What is not named
//! stays; `userId` names whose key it is, unless it is the caller's.
//!
//! Journey: `tests/it/journeys/keys.rs`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_domain::{
    id::{KeyId, ProjectId},
    limit::KeyLimits,
    project::{ApiKey, Scope},
};
use serde::Deserialize;
use serde_json::Value;

use super::{ADMIN_IS_EVERYWHERE, KeyLimitsBody, WhoseKey};
use crate::{
    access::{Admin, Key},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        body::{Body, JsonBody},
        errors::Errors,
        path::Named,
        query::{Query, filter},
        read::read,
    },
    views::key::KeyView,
};

/// The changes, and what is taken away.
#[derive(Debug)]
pub(crate) struct UpdateKey {
    fields: Fields,
    without_end: bool,
    without_limits: bool,
    everywhere: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    name: Option<String>,
    scopes: Option<BTreeSet<Scope>>,
    /// `null`: no end.
    expires_at: Option<String>,
    /// All of them anew; `null`: none.
    limits: Option<KeyLimitsBody>,
    /// `null`: all of the user's.
    projects: Option<Vec<String>>,
}

/// A valid request; `None` stays as it is.
struct Changes {
    name: Option<String>,
    scopes: Option<BTreeSet<Scope>>,
    expires_at: Option<Option<Timestamp>>,
    limits: Option<KeyLimits>,
    projects: Option<Option<BTreeSet<ProjectId>>>,
}

impl Body for UpdateKey {
    fn read(document: &Value, errors: &mut Errors) -> Option<Self> {
        let is_null = |name| document.get(name).is_some_and(Value::is_null);
        let (without_end, without_limits, everywhere) = (is_null("expiresAt"), is_null("limits"), is_null("projects"));
        read(document, errors).map(|fields| Self { fields, without_end, without_limits, everywhere })
    }
}

pub(crate) async fn update_key(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    Named(id): Named<KeyId>,
    Query(query): Query<WhoseKey>,
    body: JsonBody<UpdateKey>,
) -> Result<Json<KeyView>, ApiError> {
    let user = filter("userId", query.user_id.as_deref())?.unwrap_or_else(|| caller.user.clone());
    let now = app.clock.now();
    let changes = body.valid(|body, errors| Some(body.validated(now, errors)))?;
    let changed = app.store.change_key(&user, id, |key| changes.made_to(key)).await?;
    let key = changed.ok_or(ApiError::NotFound { what: "key" })??;
    tracing::info!(event = "key_changed", key.id = %key.id, key.changed_with = caller.name(), "a key was changed");
    Ok(Json(key.into()))
}

impl UpdateKey {
    fn validated(self, now: Timestamp, errors: &mut Errors) -> Changes {
        let Self { fields: Fields { name, scopes, expires_at, limits, projects }, .. } = self;
        if let Some(name) = &name {
            errors.text("/name", name, 1, 100);
        }
        if let Some(scopes) = &scopes {
            errors.key_scopes(scopes);
        }
        let end = expires_at.and_then(|text| errors.future("/expiresAt", &text, now)).map(Some);
        let limits = limits.map(|limits| errors.key_limits(limits));
        let projects = projects.map(|projects| Some(errors.key_projects(&projects)));
        Changes {
            name,
            scopes,
            expires_at: if self.without_end { Some(None) } else { end },
            limits: if self.without_limits { Some(KeyLimits::default()) } else { limits },
            projects: if self.everywhere { Some(None) } else { projects },
        }
    }
}

impl Changes {
    fn made_to(&self, key: ApiKey) -> Result<ApiKey, ApiError> {
        if key.revoked_at.is_some() {
            return Err(ApiError::Conflict { detail: "the key is revoked".to_owned() });
        }
        let scopes = self.scopes.as_ref().map(|scopes| scopes.iter().copied().collect());
        let key = ApiKey {
            name: self.name.clone().unwrap_or(key.name),
            scopes: scopes.unwrap_or(key.scopes),
            expires_at: self.expires_at.unwrap_or(key.expires_at),
            limits: self.limits.unwrap_or(key.limits),
            projects: self.projects.clone().unwrap_or(key.projects),
            ..key
        };
        if key.projects.is_some() && key.scopes.contains(&Scope::Admin) {
            return Err(FieldError::body("/projects", ADMIN_IS_EVERYWHERE).into());
        }
        Ok(key)
    }
}
