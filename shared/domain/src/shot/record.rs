//! A shot as it is kept. It is written at each step, and DynamoDB charges by the kilobyte: an attempt's recipe, which
//! is most of it, is kept only where it is not the shot's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptOutcome, HeldUp, Rank, Shot, ShotState};
use crate::{
    failure::Failure,
    id::{ProjectId, ShotId},
    lane::Lane,
    money::Usd,
    recipe::Recipe,
};

#[derive(Serialize, Deserialize)]
pub(super) struct ShotRecord {
    id: ShotId,
    project: ProjectId,
    lane: Lane,
    rank: Rank,
    recipe: Recipe,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    together: Option<u16>,
    state: ShotState,
    attempts: Vec<AttemptRecord>,
    #[serde(default, skip_serializing_if = "is_default")]
    before: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<Failure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_up: Option<HeldUp>,
}

#[derive(Serialize, Deserialize)]
struct AttemptRecord {
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipe: Option<Recipe>,
    nonce: String,
    started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    outcome: AttemptOutcome,
    provider_cost: Option<Usd>,
    #[serde(default, skip_serializing_if = "is_default")]
    refused: Usd,
    #[serde(default, skip_serializing_if = "is_default")]
    paid_twice: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    left_at_fal: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    surplus: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    categories: Vec<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl From<Shot> for ShotRecord {
    fn from(shot: Shot) -> Self {
        let Shot { id, project, lane, rank, recipe, together, state, attempts, before, left_out, look_at, held_up } =
            shot;
        let attempts = attempts.into_iter().map(|attempt| AttemptRecord {
            number: attempt.number,
            recipe: (attempt.recipe != recipe).then_some(attempt.recipe),
            nonce: attempt.nonce,
            started_at: attempt.started_at,
            request_id: attempt.request_id,
            outcome: attempt.outcome,
            provider_cost: attempt.provider_cost,
            refused: attempt.refused,
            paid_twice: attempt.paid_twice,
            left_at_fal: attempt.left_at_fal,
            surplus: attempt.surplus,
            categories: attempt.categories,
        });
        let attempts = attempts.collect();
        Self { id, project, lane, rank, recipe, together, state, attempts, before, left_out, look_at, held_up }
    }
}

impl From<ShotRecord> for Shot {
    fn from(record: ShotRecord) -> Self {
        let ShotRecord {
            id,
            project,
            lane,
            rank,
            recipe,
            together,
            state,
            attempts,
            before,
            left_out,
            look_at,
            held_up,
        } = record;
        let attempts = attempts.into_iter().map(|attempt| Attempt {
            number: attempt.number,
            recipe: attempt.recipe.unwrap_or_else(|| recipe.clone()),
            nonce: attempt.nonce,
            started_at: attempt.started_at,
            request_id: attempt.request_id,
            outcome: attempt.outcome,
            provider_cost: attempt.provider_cost,
            refused: attempt.refused,
            paid_twice: attempt.paid_twice,
            left_at_fal: attempt.left_at_fal,
            surplus: attempt.surplus,
            categories: attempt.categories,
        });
        let attempts = attempts.collect();
        Self { id, project, lane, rank, recipe, together, state, attempts, before, left_out, look_at, held_up }
    }
}
