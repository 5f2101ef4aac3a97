//! `GET /api/v1/projects/{project}/images`: newest first, by subject and type.
//!
//! Journey: `tests/it/journeys/images.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{id::SubjectId, media::ImageType, store::ImageFilter};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        cursor,
        extract::{Path, Query},
    },
    views::image::ImageView,
};

/// Leaving out more than this is a walk that a cursor does better.
const MAX_OFFSET: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImages {
    subject_id: Option<String>,
    image_type: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
    offset: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageList {
    images: Vec<ImageView>,
    total: u64,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_images(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<ListImages>,
) -> Result<Json<ImageList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let filter = query.filter()?;
    let list = format!("images of {project} {filter:?}");
    let limit = cursor::limit(query.limit.as_deref())?;
    let after = cursor::decode(&list, query.cursor.as_deref())?;
    let page = app.store.images(&project, &filter, after.as_ref(), query.offset()?, limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    Ok(Json(ImageList {
        images: ImageView::all(&app, page.items).await?,
        total: app.store.count_images(&project, &filter).await?,
        has_more: next_cursor.is_some(),
        next_cursor,
    }))
}

impl ListImages {
    fn filter(&self) -> Result<ImageFilter, ApiError> {
        let subject = self.subject_id.as_deref().map(str::parse::<SubjectId>).transpose();
        let subject = subject.map_err(|error| FieldError::query("subjectId", format!("is {error}")))?;
        let image_type = self.image_type.as_ref().map(|name| {
            serde_json::from_value::<ImageType>(serde_json::Value::String(name.clone()))
                .map_err(|error| FieldError::query("imageType", error.to_string()))
        });
        Ok(ImageFilter { subject, image_type: image_type.transpose()? })
    }

    fn offset(&self) -> Result<usize, ApiError> {
        let Some(text) = &self.offset else { return Ok(0) };
        match text.parse() {
            Ok(_) if self.cursor.is_some() => Err(FieldError::query("offset", "cannot go with a cursor").into()),
            Ok(offset) if offset <= MAX_OFFSET => Ok(offset),
            Ok(_) | Err(_) => {
                Err(FieldError::query("offset", format!("must be a whole number up to {MAX_OFFSET}")).into())
            }
        }
    }
}
