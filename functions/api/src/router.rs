//! Every route in one table.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post, put},
};

use crate::{
    app::App,
    body::MAX_BODY,
    problem::ApiError,
    request_id,
    routes::{
        complete_lora, create_key, create_lora, create_master, create_profile, create_project, generation_status,
        get_image, get_job, get_lora, get_person, get_project, get_queues, get_subject, list_images, list_keys,
        list_loras, list_members, list_people, list_projects, list_subjects, put_member, put_person, put_subject,
        remove_member, revoke_key,
    },
};

/// The API.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let projects = Router::new()
        .route("/", post(create_project::create_project).get(list_projects::list_projects))
        .route("/{project}", get(get_project::get_project))
        .route("/{project}/members", get(list_members::list_members))
        .route("/{project}/members/{user}", put(put_member::put_member).delete(remove_member::remove_member))
        .route("/{project}/subjects", get(list_subjects::list_subjects))
        .route("/{project}/subjects/{subject}", put(put_subject::put_subject).get(get_subject::get_subject))
        .route("/{project}/people", get(list_people::list_people))
        .route("/{project}/people/{person}", put(put_person::put_person).get(get_person::get_person))
        .route("/{project}/loras", post(create_lora::create_lora).get(list_loras::list_loras))
        .route("/{project}/loras/{lora}", get(get_lora::get_lora))
        .route("/{project}/loras/{lora}/complete", post(complete_lora::complete_lora))
        .route("/{project}/images", get(list_images::list_images))
        .route("/{project}/images/{image}", get(get_image::get_image))
        .route("/{project}/images/generate/master", post(create_master::create_master))
        .route("/{project}/images/generate/profile360", post(create_profile::create_profile));
    let v1 = Router::new()
        .nest("/projects", projects)
        .route("/jobs/{job}", get(get_job::get_job))
        .route("/keys", post(create_key::create_key).get(list_keys::list_keys))
        .route("/keys/{key}", delete(revoke_key::revoke_key))
        .route("/queues", get(get_queues::get_queues));
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/generate/status/{job}", get(generation_status::generation_status))
        .route("/api/generate/{job}", get(generation_status::generation_status))
        .route("/healthz", get(async || "ok"))
        .fallback(async || ApiError::NotFound { what: "route" })
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), request_id::tag))
        .with_state(app)
}
