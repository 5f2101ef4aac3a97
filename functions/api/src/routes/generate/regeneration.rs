//! What both regenerating routes ask for: the next version of what a shot made.

use likeness_domain::{
    id::MediaId,
    job::{Job, Lineage},
    kind::{Kind, Regeneration, regeneration::Changes},
    shot::Shot,
};

use crate::{
    app::App,
    problem::ApiError,
    request::{body::JsonBody, kinds::regeneration::Regenerate},
    start_job::Asked,
};

/// What is made again.
pub(crate) struct Again<'a> {
    pub(crate) job: &'a Job,
    pub(crate) shot: &'a Shot,
    /// The image that it replaces; else the newest, which an entry of a collection knows.
    pub(crate) of: Option<MediaId>,
}

impl Again<'_> {
    /// The next version of what the shot made or was to make, with the changes of `body`.
    pub(crate) async fn asked(self, app: &App, body: JsonBody<Regenerate>) -> Result<Asked, ApiError> {
        let sha256 = body.sha256.clone();
        let (changes, errors) = body.checked(|body, errors| {
            let end_user = errors.end_user(body.end_user.as_deref());
            Some((body.changes(errors, app.wording()), end_user))
        });
        let (changes, end_user) = changes.unzip();
        let kind = match changes {
            Some(changes) => Some(self.kind(app, changes).await?),
            None => None,
        };
        Ok(Asked { kind, end_user: end_user.flatten(), errors, sha256 })
    }

    /// With the number that is foreseen for it.
    async fn kind(self, app: &App, changes: Changes) -> Result<Kind, ApiError> {
        let Self { job, shot, of } = self;
        let underway =
            |what: &str| ApiError::Conflict { detail: format!("{what} is still being made; wait for its job") };
        if !shot.is_settled() {
            return Err(underway("the shot"));
        }
        match &job.kind {
            // The collection that shows the new version does not exist yet.
            Kind::Profile(_) if job.ending().is_none() => return Err(underway("the profile")),
            Kind::Profile(_)
            | Kind::Master(_)
            | Kind::Composite(_)
            | Kind::Portrait(_)
            | Kind::Regeneration(_)
            | Kind::Verification(_) => {}
        }
        let lineage = Lineage::of(job, shot);
        let collection = match lineage.collection {
            // None where the profile failed: what it made is kept without one.
            Some(id) => app.store.collection(&job.project, id).await?.map(|collection| collection.value),
            None => None,
        };
        let (id, angle) = (collection.as_ref().map(|collection| collection.id), shot.recipe.angle);
        let entry =
            collection.and_then(|collection| collection.views.into_iter().find(|view| Some(view.angle) == angle));
        let newest = entry.as_ref().map_or(1, |entry| entry.version);
        let replaced = of.or(entry.map(|entry| entry.media)).or(lineage.newest);
        let lineage = Lineage { root: lineage.root, collection: id, newest: replaced };
        Ok(Kind::Regeneration(Box::new(Regeneration::new(job, shot, lineage, newest + 1, changes))))
    }
}
