//! Names in the path of a request. One that cannot be the name of anything names nothing.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use likeness_core::clients::queue_admin::QueueName;
use likeness_domain::id::{
    CollectionId, KeyId, LoraId, MediaId, PersonId, ReportId, ShotId, SubjectId, UserId, WorkflowId,
};

use crate::problem::ApiError;

/// What the path names.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

/// Something that a path can name.
pub(crate) trait PathName: FromStr {
    /// How the router calls its part of the path.
    const PARAMETER: &'static str;
    /// What is not found where there is none.
    const WHAT: &'static str;
}

macro_rules! path_names {
    ($($name:ident $parameter:literal $what:literal),* $(,)?) => {$(
        impl PathName for $name {
            const PARAMETER: &'static str = $parameter;
            const WHAT: &'static str = $what;
        }
    )*};
}

path_names! {
    UserId "user" "user", SubjectId "subject" "subject", PersonId "person" "person", LoraId "lora" "LoRA",
    MediaId "image" "image", ShotId "shot" "shot", WorkflowId "workflow" "workflow", ReportId "report" "report",
    CollectionId "collection" "collection", KeyId "key" "key", QueueName "queue" "queue",
}

impl<T: PathName + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let name = parameter(parts, state, T::PARAMETER).await.and_then(|name| name.parse().ok());
        name.map(Self).ok_or(ApiError::NotFound { what: T::WHAT })
    }
}

/// The part of the path that the router calls `name`, decoded; `None` where it is no text.
pub(crate) async fn parameter<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, state).await.ok()?;
    parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
