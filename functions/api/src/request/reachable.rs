//! Whether fal may be sent to the addresses in a request: their hosts are looked up before anything is accepted.

use std::collections::BTreeSet;

use likeness_domain::{image_ref::ImageRef, kind::Kind, public_url::public_host};

use crate::{
    app::App,
    problem::{ApiError, FieldError},
    request::pointer::pointer,
};

/// Refuses addresses on hosts that are not public. `kinds` are what is asked for, each with its place in the request.
pub(crate) async fn check<'a>(app: &App, kinds: impl Iterator<Item = (&'a str, &'a Kind)>) -> Result<(), ApiError> {
    let mut places: Vec<(String, String)> = Vec::new();
    for (place, kind) in kinds {
        // A copy, as the one list of what a kind names is for changing it.
        for (field, image) in kind.clone().image_refs_mut() {
            if let ImageRef::Url(url) = image {
                let pointer = format!("{place}{}", pointer(field));
                // Checked where the request was read, but for those that an earlier version let in.
                let host = public_host(url).map_err(|error| FieldError::body(pointer.as_str(), error.to_string()))?;
                places.push((pointer, host));
            }
        }
    }
    let names: BTreeSet<String> = places.iter().map(|(_, host)| host.clone()).collect();
    let refused = if names.is_empty() { return Ok(()) } else { app.hosts.refused(&names).await };
    let errors = places
        .into_iter()
        .filter_map(|(pointer, host)| Some(FieldError::body(pointer, refused.get(&host)?.to_string())));
    let errors: Vec<FieldError> = errors.collect();
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Unprocessable(errors)) }
}
