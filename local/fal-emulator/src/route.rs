//! The paths of the queue API. They have any number of segments, so they are read by hand.
//!
//! `{owner}/{app}[/…]/requests/{id}[/…]`: fal hands out the short form (`owner/app`, three segments under `workflows`
//! and `comfy`) and its documentation shows the full endpoint id; both are understood.

/// A call of the queue API.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Submit { endpoint: &'a str },
    Request { app: &'a str, id: &'a str, what: What },
}

/// What of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Result,
    Status,
    StatusStream,
    Cancel,
}

impl<'a> Route<'a> {
    /// Reads a path without its leading slash; a trailing slash does not matter.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let path = path.trim_matches('/');
        let Some((endpoint, rest)) = path.split_once("/requests/") else {
            return is_endpoint(path).then_some(Self::Submit { endpoint: path });
        };
        let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let what = match rest {
            "" | "response" => What::Result,
            "status" => What::Status,
            "status/stream" => What::StatusStream,
            "cancel" => What::Cancel,
            _ => return None,
        };
        is_endpoint(endpoint).then_some(Self::Request { app: app_of(endpoint), id, what })
    }
}

fn is_endpoint(path: &str) -> bool {
    path.split('/').count() >= 2 && path.split('/').all(|segment| !segment.is_empty())
}

/// The part of an endpoint id that its request URLs carry.
pub(super) fn app_of(endpoint: &str) -> &str {
    let kept = if endpoint.starts_with("workflows/") || endpoint.starts_with("comfy/") { 3 } else { 2 };
    match endpoint.match_indices('/').nth(kept - 1) {
        Some((end, _)) => &endpoint[..end],
        None => endpoint,
    }
}

/// The URLs of one request.
pub(super) struct RequestUrls {
    pub(super) response: String,
    pub(super) status: String,
    pub(super) cancel: String,
}

impl RequestUrls {
    pub(super) fn new(origin: &str, endpoint: &str, id: &str) -> Self {
        let response = format!("{origin}/{}/requests/{id}", app_of(endpoint));
        Self { status: format!("{response}/status"), cancel: format!("{response}/cancel"), response }
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, What, app_of};

    #[test]
    fn both_forms_of_a_request_path_name_the_same_app() {
        let expected = Some(Route::Request { app: "fal-ai/flux-pro", id: "1", what: What::Status });
        assert_eq!(Route::parse("fal-ai/flux-pro/requests/1/status/"), expected);
        assert_eq!(Route::parse("fal-ai/flux-pro/kontext/max/requests/1/status"), expected);
        let result = Some(Route::Request { app: "fal-ai/flux", id: "1", what: What::Result });
        assert_eq!(Route::parse("fal-ai/flux/requests/1"), result);
        assert_eq!(Route::parse("fal-ai/flux/requests/1/response"), result);
        assert_eq!(Route::parse("fal-ai/flux/dev"), Some(Route::Submit { endpoint: "fal-ai/flux/dev" }));
        assert_eq!(Route::parse("fal-ai"), None);
        assert_eq!(Route::parse("fal-ai/flux/requests/1/logs"), None);
    }

    #[test]
    fn workflows_keep_three_segments() {
        assert_eq!(app_of("workflows/me/mine/step"), "workflows/me/mine");
        assert_eq!(app_of("fal-ai/flux"), "fal-ai/flux");
    }
}
