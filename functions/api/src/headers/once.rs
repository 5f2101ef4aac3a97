//! `Idempotency-Key` on requests that create something, or do something that must not be done twice.
//!
//! What has a name is made under it: [`claim`] binds the key to the name first, and a repetition finds the name and goes on
//! from wherever the first call came. What has none (a redrive) is done first and claimed then, so that a key stands for
//! nothing that failed; [`earlier`] tells a repetition. The same holds for what may be refused (a cancel): a refusal
//! does not use up the key.

use std::{fmt::Display, str::FromStr};

use jiff::Timestamp;
use likeness_core::store::{Acceptance, Idempotency};
use likeness_domain::id::{ProjectId, UserId};

use crate::{app::App, problem::ApiError};

/// Among whose keys it is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'a> {
    Project(&'a ProjectId),
    User(&'a UserId),
}

/// Claims the key for `value`; a repetition gets the value of the first call. Without a key it is `value`.
///
/// # Errors
/// The key was used for another request, or the table was out of reach.
pub(crate) async fn claim<T: FromStr + Display>(
    app: &App,
    owner: Owner<'_>,
    idempotency: Option<&Idempotency>,
    value: T,
    now: Timestamp,
) -> Result<T, ApiError> {
    let Some(idempotency) = idempotency else { return Ok(value) };
    let claimed = match owner {
        Owner::Project(project) => app.store.claim_in(project, idempotency, &value.to_string(), now).await?,
        Owner::User(user) => app.store.claim_of(user, idempotency, &value.to_string(), now).await?,
    };
    match claimed {
        Acceptance::Accepted => Ok(value),
        known @ (Acceptance::Replayed(_) | Acceptance::KeyReused | Acceptance::Conflict) => value_of(known),
    }
}

/// The value of the first call; `None` where this is the first, or has no key.
///
/// # Errors
/// The key was used for another request, or the table was out of reach.
pub(crate) async fn earlier<T: FromStr>(
    app: &App,
    owner: Owner<'_>,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
) -> Result<Option<T>, ApiError> {
    let Some(idempotency) = idempotency else { return Ok(None) };
    let claimed = match owner {
        Owner::Project(project) => app.store.claimed_in(project, idempotency, now).await?,
        Owner::User(user) => app.store.claimed_of(user, idempotency, now).await?,
    };
    claimed.map(value_of).transpose()
}

fn value_of<T: FromStr>(known: Acceptance<String>) -> Result<T, ApiError> {
    match known {
        // The fingerprint tells what sort of value it is.
        Acceptance::Replayed(value) => value.parse().map_err(|_| ApiError::KeyReused),
        Acceptance::Accepted | Acceptance::KeyReused | Acceptance::Conflict => Err(ApiError::KeyReused),
    }
}
