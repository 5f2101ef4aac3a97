//! Every route in one table.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
    routing::{delete, get, post, put},
};

use http::Uri;
use tower::util::MapRequest;

use crate::{
    app::App,
    headers::request_id,
    problem::ApiError,
    request::{body::MAX_BODY, query::no_parameters},
    routes::{
        catalogue::{list_models, list_templates},
        collections::{get_collection, list_collections},
        first_api::{generate, generate_image, generation_status},
        generate::{create_composite, create_master, create_portrait, create_profile},
        healthz,
        images::{get_image, list_images, list_versions, regenerate_image},
        jobs::{cancel_job, get_job, list_jobs, regenerate_shot, retry_job},
        keys::{create_key, list_keys, revoke_key, rotate_key, update_key},
        limits::{get_budgets, get_limits, put_budgets, put_limits},
        loras::{complete_lora, create_lora, get_lora, list_loras},
        me,
        people::{get_person, list_people, put_person},
        projects::{
            create_project, get_project, list_members, list_projects, list_relations, put_member, remove_member,
            update_project,
        },
        queues::{get_queues, list_dead_letters, redrive_queue},
        reports::{create_upload, get_report, list_reports, verify_consistency},
        subjects::{get_subject, list_subjects, put_subject},
        workflows::{cancel_workflow, create_workflow, get_workflow, list_workflows},
    },
};

/// The API.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let routes = Router::new()
        .merge(without_parameters().route_layer(middleware::from_fn(no_parameters)))
        .merge(with_parameters())
        .fallback(async || ApiError::NotFound { what: "route" })
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), request_id::tag))
        .with_state(app);
    // Before a route is looked for, so that a path is the same with a slash at its end.
    Router::new().fallback_service(MapRequest::new(routes, without_slash))
}

/// Routes that take parameters of the query; each reads its own, and refuses others.
fn with_parameters() -> Router<Arc<App>> {
    let projects = Router::new()
        .route("/", get(list_projects::list_projects))
        .route("/{project}/subjects", get(list_subjects::list_subjects))
        .route("/{project}/people", get(list_people::list_people))
        .route("/{project}/loras", get(list_loras::list_loras))
        .route("/{project}/jobs", get(list_jobs::list_jobs))
        .route("/{project}/workflows", get(list_workflows::list_workflows).post(create_workflow::create_workflow))
        .route("/{project}/images", get(list_images::list_images))
        .route("/{project}/images/{image}/regenerate", post(regenerate_image::regenerate_image))
        .route("/{project}/images/generate/master", post(create_master::create_master))
        .route("/{project}/images/generate/profile360", post(create_profile::create_profile))
        .route("/{project}/images/generate/composite", post(create_composite::create_composite))
        .route("/{project}/images/generate/portrait", post(create_portrait::create_portrait))
        .route("/{project}/images/verify/consistency", post(verify_consistency::verify_consistency))
        .route("/{project}/reports", get(list_reports::list_reports))
        .route("/{project}/collections", get(list_collections::list_collections));
    let v1 = Router::new()
        .nest("/projects", projects)
        .route("/jobs/{job}", get(get_job::get_job))
        .route("/jobs/{job}/retry", post(retry_job::retry_job))
        .route("/jobs/{job}/shots/{shot}/regenerate", post(regenerate_shot::regenerate_shot))
        .route("/keys", get(list_keys::list_keys))
        .route("/keys/{key}", delete(revoke_key::revoke_key).patch(update_key::update_key))
        .route("/keys/{key}/rotate", post(rotate_key::rotate_key));
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/generate-image", post(generate_image::generate_image))
        .route("/api/generate", post(generate::generate))
}

/// Routes that take none.
fn without_parameters() -> Router<Arc<App>> {
    let projects = Router::new()
        .route("/", post(create_project::create_project))
        .route("/{project}", get(get_project::get_project).patch(update_project::update_project))
        .route("/{project}/limits", get(get_limits::get_limits).put(put_limits::put_limits))
        .route("/{project}/budgets", get(get_budgets::get_budgets).put(put_budgets::put_budgets))
        .route("/{project}/members", get(list_members::list_members))
        .route("/{project}/members/{user}", put(put_member::put_member).delete(remove_member::remove_member))
        .route("/{project}/subjects/{subject}", put(put_subject::put_subject).get(get_subject::get_subject))
        .route("/{project}/people/{person}", put(put_person::put_person).get(get_person::get_person))
        .route("/{project}/loras", post(create_lora::create_lora))
        .route("/{project}/loras/{lora}", get(get_lora::get_lora))
        .route("/{project}/loras/{lora}/complete", post(complete_lora::complete_lora))
        .route("/{project}/workflows/{workflow}", get(get_workflow::get_workflow))
        .route("/{project}/workflows/{workflow}/cancel", post(cancel_workflow::cancel_workflow))
        .route("/{project}/images/{image}", get(get_image::get_image))
        .route("/{project}/images/{image}/versions", get(list_versions::list_versions))
        .route("/{project}/images/verify/uploads", post(create_upload::create_upload))
        .route("/{project}/reports/{report}", get(get_report::get_report))
        .route("/{project}/collections/{collection}", get(get_collection::get_collection))
        .route("/{project}/relations/{id}", get(list_relations::list_relations))
        .route("/{project}/templates", get(list_templates::list_templates));
    let v1 = Router::new()
        .nest("/projects", projects)
        .route("/jobs/{job}/cancel", post(cancel_job::cancel_job))
        .route("/models", get(list_models::list_models))
        .route("/me", get(me::me))
        .route("/keys", post(create_key::create_key))
        .route("/queues", get(get_queues::get_queues))
        .route("/queues/{queue}/dead-letters", get(list_dead_letters::list_dead_letters))
        .route("/queues/{queue}/redrive", post(redrive_queue::redrive_queue));
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/generate/status/{job}", get(generation_status::generation_status))
        .route("/api/generate/{job}", get(generation_status::generation_status))
        .route("/healthz", get(healthz::healthz))
}

/// The request without a slash at the end of its path.
fn without_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    let kept = path.trim_end_matches('/');
    if kept.len() == path.len() || kept.is_empty() {
        return request;
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{kept}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}
