//! `Idempotency-Key` on requests that create something, or do something that must not be done twice. The key is claimed for
//! what is to be made before that is made: a repetition finds the same name and goes on from wherever the first call
//! came.

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

/// What the key stands for.
#[derive(Debug)]
pub(crate) struct Claim<T> {
    pub(crate) value: T,
    /// Whether it was claimed just now, or there is no key.
    pub(crate) first: bool,
}

/// Claims the key for `value`; a repetition gets the value of the first call.
///
/// # Errors
/// The key was used for another request, or the table was out of reach.
pub(crate) async fn claim<T: FromStr + Display>(
    app: &App,
    owner: Owner<'_>,
    idempotency: Option<&Idempotency>,
    value: T,
    now: Timestamp,
) -> Result<Claim<T>, ApiError> {
    let Some(idempotency) = idempotency else { return Ok(Claim { value, first: true }) };
    let claimed = match owner {
        Owner::Project(project) => app.store.claim_in(project, idempotency, &value.to_string(), now).await?,
        Owner::User(user) => app.store.claim_of(user, idempotency, &value.to_string(), now).await?,
    };
    match claimed {
        Acceptance::Accepted => Ok(Claim { value, first: true }),
        Acceptance::Replayed(earlier) => {
            // The fingerprint tells what sort of value it is.
            let value = earlier.parse().map_err(|_| ApiError::KeyReused)?;
            Ok(Claim { value, first: false })
        }
        Acceptance::KeyReused | Acceptance::Conflict => Err(ApiError::KeyReused),
    }
}
