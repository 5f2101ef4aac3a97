//! Who calls, and what they may do where.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use likeness_core::{
    id::{ProjectId, UserId},
    project::{Role, Scope},
};

use crate::{app::App, problem::ApiError, token::token_sha256};

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) scopes: Vec<Scope>,
}

/// What a route does, which decides the scope and the role that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Read,
    Write,
    Generate,
    ManageMembers,
    /// What holds for the whole project.
    Configure,
}

impl Action {
    fn scope(self) -> (Scope, &'static str) {
        match self {
            Self::Read => (Scope::Read, "a key with the scope `read`"),
            Self::Write | Self::ManageMembers | Self::Configure => (Scope::Write, "a key with the scope `write`"),
            Self::Generate => (Scope::Generate, "a key with the scope `generate`"),
        }
    }

    fn role(self) -> (Role, &'static str) {
        match self {
            Self::Read => (Role::Viewer, "a member of the project"),
            Self::Write | Self::Generate => (Role::Editor, "an editor or owner of the project"),
            Self::ManageMembers | Self::Configure => (Role::Owner, "an owner of the project"),
        }
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
        let token = bearer.or_else(|| text(header::HeaderName::from_static("x-api-key")));
        let token = token.filter(|token| !token.is_empty()).ok_or(ApiError::Unauthenticated)?;
        let key = app.store.key(&token_sha256(token)).await?;
        let key = key.filter(|key| key.is_valid(app.clock.now())).ok_or(ApiError::Unauthenticated)?;
        Ok(Self { user: key.user, scopes: key.scopes })
    }
}

impl Caller {
    /// Checks that the key may do this at all.
    pub(crate) fn has_scope(&self, scope: Scope, needs: &'static str) -> Result<(), ApiError> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(ApiError::Forbidden { needs }) }
    }

    /// Checks that the caller may do this in `project`, named as in the path. A stranger learns nothing of it.
    pub(crate) async fn may(&self, app: &App, action: Action, project: &str) -> Result<ProjectId, ApiError> {
        let unknown = ApiError::NotFound { what: "project" };
        let Ok(project) = project.parse::<ProjectId>() else { return Err(unknown) };
        let Some(role) = app.store.role(&project, &self.user).await? else { return Err(unknown) };
        let (scope, needs) = action.scope();
        self.has_scope(scope, needs)?;
        let (least, needs) = action.role();
        if role >= least { Ok(project) } else { Err(ApiError::Forbidden { needs }) }
    }
}
