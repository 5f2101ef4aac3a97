//! `GET /api/v1/projects/{project}/images/{image}/versions`: an image and all that were made anew of it or before it,
//! oldest first.
//!
//! Journey: `tests/it/journeys/regenerate.rs`.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use axum::{Json, extract::State};
use likeness_domain::{
    id::{MediaId, ProjectId},
    media::Media,
    storage_plan::Relation,
};
use serde::Serialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::image::ImageView,
};

/// Most images of an answer.
const MOST: usize = 100;

#[derive(Debug, Serialize)]
pub(crate) struct VersionList {
    images: Vec<ImageView>,
}

pub(crate) async fn list_versions(
    State(app): State<Arc<App>>,
    Project { id: project, .. }: Project<Read>,
    Named(id): Named<MediaId>,
) -> Result<Json<VersionList>, ApiError> {
    let media = app.store.media(&project, &id).await?.ok_or(ApiError::NotFound { what: "image" })?;
    let first = first_of(&app, media).await?;
    let lineage = descendants(&app, &project, first).await?;
    let mut versions = app.store.media_of(&project, &lineage).await?;
    versions.sort_by(|one, other| {
        (one.version, one.created_at, &one.id).cmp(&(other.version, other.created_at, &other.id))
    });
    Ok(Json(VersionList { images: ImageView::all(&app, versions).await? }))
}

/// The first of the versions that lead to `media`; of one that was deleted, no more than its id is known.
async fn first_of(app: &App, mut media: Media) -> Result<MediaId, ApiError> {
    for _ in 0..MOST {
        let Some(parent) = media.parent.clone() else { break };
        match app.store.media(&media.project, &parent).await? {
            Some(earlier) => media = earlier,
            None => return Ok(parent),
        }
    }
    Ok(media.id)
}

/// `first` and what was made anew of it, and of that.
async fn descendants(app: &App, project: &ProjectId, first: MediaId) -> Result<Vec<MediaId>, ApiError> {
    let (mut seen, mut next) = (BTreeSet::from([first.clone()]), VecDeque::from([first]));
    let mut found = Vec::new();
    while let Some(image) = next.pop_front() {
        if found.len() == MOST {
            break;
        }
        for newer in app.store.related(project, &image.to_string(), Relation::HasVersion).await? {
            // A relation of this kind leads to images.
            let Ok(newer) = newer.parse::<MediaId>() else { continue };
            if seen.insert(newer.clone()) {
                next.push_back(newer);
            }
        }
        found.push(image);
    }
    Ok(found)
}
