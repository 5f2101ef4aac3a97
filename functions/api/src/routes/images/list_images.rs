//! `GET /api/v1/projects/{project}/images`: newest first, by subject and type.
//!
//! Journey: `tests/it/journeys/images.rs`.

use std::sync::Arc;

use axum::extract::State;
use likeness_core::store::ImageFilter;
use likeness_domain::media::ImageType;
use serde::Deserialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter, word},
    },
    views::image::ImageView,
};

/// Leaving out more than this is a walk that a cursor does better.
const MAX_OFFSET: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListImages {
    subject_id: Option<String>,
    image_type: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
    offset: Option<String>,
}

pub(crate) async fn list_images(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<ListImages>,
) -> Result<Listed<ImageView>, ApiError> {
    let filter = ImageFilter {
        subject: filter("subjectId", query.subject_id.as_deref())?,
        image_type: word("imageType", query.image_type.as_deref())?,
    };
    let list = ListName::new("images", &project.id)
        .where_is("subjectId", filter.subject.as_ref())
        .where_is("imageType", filter.image_type.map(ImageType::as_str));
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.images(&project.id, &filter, asked.after.as_ref(), query.offset()?, asked.limit).await?;
    let images = ImageView::all(&app, page.items).await?;
    let total = app.store.count_images(&project.id, &filter).await?;
    Ok(asked.listed("images", images, page.next.as_ref()).with_total(total))
}

impl ListImages {
    fn offset(&self) -> Result<usize, ApiError> {
        let Some(text) = &self.offset else { return Ok(0) };
        match text.parse() {
            Ok(_) if self.cursor.is_some() => {
                Err(FieldError::query("offset", "cannot be combined with a cursor").into())
            }
            Ok(offset) if offset <= MAX_OFFSET => Ok(offset),
            Ok(_) | Err(_) => {
                Err(FieldError::query("offset", format!("must be a whole number up to {MAX_OFFSET}")).into())
            }
        }
    }
}
