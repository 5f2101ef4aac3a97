//! The caller: the user whose key, or whose sign-in, came with the request.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use likeness_core::jwt::{SignedIn, is_token};
use likeness_domain::{
    id::{ProjectId, UserId},
    limit::{Account, EndUser},
    project::{ApiKey, Scope},
};

use crate::{
    app::App,
    problem::ApiError,
    token::{CallerSecret, token_sha256},
};

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The key that was used; `None` for a user who signed in.
    pub(crate) key: Option<ApiKey>,
    pub(crate) user: UserId,
    pub(crate) scopes: Vec<Scope>,
    /// `None` for a user who signed in: each session has another token.
    pub(crate) secret: Option<CallerSecret>,
}

impl Caller {
    fn signed_in(SignedIn { user, scopes }: SignedIn) -> Self {
        Self { key: None, user, scopes, secret: None }
    }

    /// The key that was used, or the user.
    pub(crate) fn name(&self) -> String {
        self.key.as_ref().map_or_else(|| self.user.to_string(), |key| key.id.to_string())
    }

    /// The only projects that it may see, where its key is limited to some.
    pub(crate) fn only(&self) -> Option<&BTreeSet<ProjectId>> {
        self.key.as_ref().and_then(|key| key.projects.as_ref())
    }

    /// On whose account its requests in `project` are.
    pub(crate) fn account(&self, project: &ProjectId, end_user: Option<EndUser>) -> Account {
        let key = self.key.as_ref().map(|key| key.id);
        Account { project: project.clone(), user: self.user.clone(), key, end_user }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let text = |name| parts.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        if let (Some(issuer), Some(token)) = (&app.issuer, bearer.filter(|token| is_token(token))) {
            return Ok(Self::signed_in(issuer.verify(token, app.clock.now()).await?));
        }
        let token = bearer.or_else(|| text(header::HeaderName::from_static("x-api-key")));
        let token = token.filter(|token| !token.is_empty()).ok_or(ApiError::Unauthenticated)?;
        let key = app.store.use_key(&token_sha256(token), app.clock.now()).await?.ok_or(ApiError::Unauthenticated)?;
        let secret = Some(CallerSecret::of(token));
        Ok(Self { user: key.user.clone(), scopes: key.scopes.clone(), key: Some(key), secret })
    }
}
