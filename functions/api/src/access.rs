//! What a caller may do where, as extractors: a handler that takes a [`Project`], a [`JobOf`] or a [`Key`] has had its
//! caller checked, and there is no other way to one.

mod caller;
mod right;

use std::{marker::PhantomData, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use likeness_core::store::JobView as Stored;
use likeness_domain::{
    id::{JobId, ProjectId},
    project::Project as Settings,
};

pub(crate) use self::{
    caller::Caller,
    right::{Admin, Configure, Generate, ManageMembers, Permission, Read, Right, Write},
};
use crate::{app::App, problem::ApiError, request::path::parameter};

/// A caller whose key has the scope of `R`.
#[derive(Debug)]
pub(crate) struct Key<R> {
    pub(crate) caller: Caller,
    right: PhantomData<R>,
}

/// The project in the path, where the caller may do `P`. A stranger learns nothing of it.
#[derive(Debug)]
pub(crate) struct Project<P> {
    pub(crate) id: ProjectId,
    /// What holds in it.
    pub(crate) settings: Settings,
    pub(crate) caller: Caller,
    right: PhantomData<P>,
}

/// The job in the path, in whose project the caller may do `P`. A stranger's job is no job.
#[derive(Debug)]
pub(crate) struct JobOf<P> {
    pub(crate) stored: Stored,
    pub(crate) project: Project<P>,
}

impl Caller {
    /// Checks that the key has the scope of `R`.
    fn has<R: Right>(&self) -> Result<(), ApiError> {
        if self.scopes.contains(&R::SCOPE) { Ok(()) } else { Err(ApiError::Forbidden { needs: R::KEY }) }
    }

    /// The project that is named so, if the caller may do `P` there.
    pub(crate) async fn may<P: Permission>(&self, app: &App, project: &str) -> Result<Project<P>, ApiError> {
        let unknown = ApiError::NotFound { what: "project" };
        let Ok(id) = project.parse::<ProjectId>() else { return Err(unknown) };
        // A key that is limited to others stands there as a stranger.
        if self.only().is_some_and(|only| !only.contains(&id)) {
            return Err(unknown);
        }
        let Some((role, settings)) = app.store.membership(&id, &self.user).await? else { return Err(unknown) };
        self.has::<P>()?;
        if role < P::ROLE {
            return Err(ApiError::Forbidden { needs: P::MEMBER });
        }
        Ok(Project { id, settings, caller: self.clone(), right: PhantomData })
    }

    /// The same for the project of something that was found by a name of its own, as a `what`: to a stranger there is
    /// none.
    pub(crate) async fn may_at<P: Permission>(
        &self,
        app: &App,
        project: &ProjectId,
        what: &'static str,
    ) -> Result<Project<P>, ApiError> {
        match self.may::<P>(app, project.as_str()).await {
            Err(ApiError::NotFound { .. }) => Err(ApiError::NotFound { what }),
            allowed_or_not => allowed_or_not,
        }
    }
}

impl<R: Right> FromRequestParts<Arc<App>> for Key<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.has::<R>()?;
        Ok(Self { caller, right: PhantomData })
    }
}

impl<P: Permission> FromRequestParts<Arc<App>> for Project<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let name = parameter(parts, app, "project").await.ok_or(ApiError::NotFound { what: "project" })?;
        caller.may(app, &name).await
    }
}

impl<P: Permission> FromRequestParts<Arc<App>> for JobOf<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let unknown = || ApiError::NotFound { what: "job" };
        let id = parameter(parts, app, "job").await.and_then(|id| id.parse::<JobId>().ok()).ok_or_else(unknown)?;
        let stored = app.store.job(id).await?.ok_or_else(unknown)?;
        let project = caller.may_at(app, &stored.job.value.project, "job").await?;
        Ok(Self { stored, project })
    }
}
