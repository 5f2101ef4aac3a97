//! What to do after an attempt came to nothing (requirement C3): again, otherwise, or not at all. Pure.

use jiff::SignedDuration;

use super::{Attempt, AttemptOutcome};
use crate::{
    failure::{Failure, FailureCode},
    fal_error::{FalError, FalErrorKind},
    model::Model,
    prompt::Wording,
    recipe::Recipe,
};

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// Another attempt.
    Again {
        /// What it sends, where that changes.
        recipe: Option<Box<Recipe>>,
        /// The pause before it.
        after: SignedDuration,
    },
    /// No further attempt.
    GiveUp(Failure),
}

/// Most attempts in all, whatever the mixture of faults.
pub(super) const MAX_ATTEMPTS: usize = 8;
const MAX_SILENCES: usize = 2;

/// After fal answered with `error`. `attempts` end with the one that failed; `jitter` is between 0 and 1; `wording` says
/// what is taken out of a prompt that fal's content policy refused.
#[must_use]
pub(super) fn after_error(
    error: &FalError,
    recipe: &Recipe,
    attempts: &[Attempt],
    jitter: f64,
    wording: &Wording,
) -> Next {
    let before = times(attempts, error.kind);
    // fal's own word against trying again counts where trying again would be all that we do.
    let told_not_to = error.retryable == Some(false)
        && matches!(error.kind, FalErrorKind::Internal | FalErrorKind::TimedOut | FalErrorKind::Download);
    if told_not_to || attempts.len() >= MAX_ATTEMPTS {
        return Next::GiveUp(give_up(error));
    }
    let again = |recipe: Option<Recipe>| Next::Again { recipe: recipe.map(Box::new), after: back_off(before, jitter) };
    match error.kind {
        FalErrorKind::RateLimited if before <= 5 => again(None),
        FalErrorKind::Internal | FalErrorKind::Unreachable if before <= 3 => again(None),
        FalErrorKind::Download | FalErrorKind::Garbled if before <= 1 => again(None),
        FalErrorKind::StartDeadline if before <= 2 => again(None),
        FalErrorKind::Unavailable => match recipe.model().ok().and_then(Model::fallback) {
            Some(fallback) => Next::Again { recipe: Some(Box::new(recipe.on(fallback))), after: SignedDuration::ZERO },
            None if before <= 3 => again(None),
            None => Next::GiveUp(give_up(error)),
        },
        FalErrorKind::TimedOut if before <= 2 => match recipe.with_fewer_steps() {
            Some(fewer) => again(Some(fewer)),
            None => again(None),
        },
        FalErrorKind::ContentPolicy if before <= 3 => {
            let prompt = wording.sanitised(&recipe.prompt);
            if prompt == recipe.prompt || prompt.is_empty() {
                Next::GiveUp(give_up(error))
            } else {
                Next::Again { recipe: Some(Box::new(Recipe { prompt, ..recipe.clone() })), after: SignedDuration::ZERO }
            }
        }
        FalErrorKind::RateLimited
        | FalErrorKind::Internal
        | FalErrorKind::Unreachable
        | FalErrorKind::Download
        | FalErrorKind::Garbled
        | FalErrorKind::StartDeadline
        | FalErrorKind::TimedOut
        | FalErrorKind::ContentPolicy
        | FalErrorKind::InvalidInput
        | FalErrorKind::Authentication
        | FalErrorKind::AccountLocked
        | FalErrorKind::Cancelled => Next::GiveUp(give_up(error)),
    }
}

/// After fal turned the request away as it does all of ours just now: it waits with the others until fal takes one.
#[must_use]
pub(super) fn after_turning_away(error: &FalError, attempts: &[Attempt]) -> Next {
    if attempts.len() < MAX_ATTEMPTS {
        Next::Again { recipe: None, after: SignedDuration::ZERO }
    } else {
        Next::GiveUp(give_up(error))
    }
}

/// After nothing was heard for as long as fal could have needed.
#[must_use]
pub(super) fn after_silence(attempts: &[Attempt]) -> Next {
    let silences = attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Lost).count();
    if silences <= MAX_SILENCES && attempts.len() < MAX_ATTEMPTS {
        Next::Again { recipe: None, after: SignedDuration::ZERO }
    } else {
        Next::GiveUp(Failure::new(FailureCode::SubmitLost, "fal did not answer for this request, several times"))
    }
}

fn times(attempts: &[Attempt], kind: FalErrorKind) -> usize {
    attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Rejected(kind)).count()
}

/// 1, 2, 4, 8, 16 seconds, of which up to half is left to chance so that shots do not come back in step.
fn back_off(failures: usize, jitter: f64) -> SignedDuration {
    let ceiling = 1 << (failures.saturating_sub(1)).min(4);
    SignedDuration::from_millis(ceiling * 500) + SignedDuration::from_secs_f64(ceiling as f64 * 0.5 * jitter)
}

fn give_up(error: &FalError) -> Failure {
    let code = match error.kind {
        FalErrorKind::RateLimited => FailureCode::ProviderRateLimited,
        FalErrorKind::Unavailable | FalErrorKind::Unreachable => FailureCode::ProviderUnavailable,
        FalErrorKind::TimedOut | FalErrorKind::StartDeadline => FailureCode::GenerationTimeout,
        FalErrorKind::Internal => FailureCode::ProviderError,
        FalErrorKind::ContentPolicy => FailureCode::ContentRefused,
        FalErrorKind::InvalidInput | FalErrorKind::Download => FailureCode::InvalidInput,
        FalErrorKind::Authentication => FailureCode::ProviderAuthentication,
        FalErrorKind::AccountLocked => FailureCode::ProviderAccountLocked,
        FalErrorKind::Cancelled | FalErrorKind::Garbled => FailureCode::ProviderProtocol,
    };
    Failure::new(code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe;

    fn recipe() -> Recipe {
        let prompt = "a violent, stormy sea".to_owned();
        Recipe { prompt, guidance: None, ..recipe::tests::recipe("flux-dev") }
    }

    fn attempts(outcomes: &[AttemptOutcome]) -> Vec<Attempt> {
        let attempt = |(i, outcome): (usize, &AttemptOutcome)| Attempt {
            number: u32::try_from(i).unwrap() + 1,
            recipe: recipe(),
            nonce: String::new(),
            started_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            request_id: None,
            outcome: outcome.clone(),
            provider_cost: None,
            refused: crate::money::Usd::ZERO,
            paid_twice: false,
        };
        outcomes.iter().enumerate().map(attempt).collect()
    }

    /// How many attempts follow when fal always answers with `kind`, and the code at the end.
    fn exhaust(kind: FalErrorKind) -> (usize, FailureCode) {
        let (mut recipe, mut outcomes) = (recipe(), Vec::new());
        loop {
            outcomes.push(AttemptOutcome::Rejected(kind));
            match after_error(&FalError::new(kind, "no"), &recipe, &attempts(&outcomes), 0.5, &Wording::default()) {
                Next::Again { recipe: changed, .. } => recipe = changed.map_or(recipe, |changed| *changed),
                Next::GiveUp(failure) => return (outcomes.len(), failure.code),
            }
        }
    }

    #[test]
    fn each_error_is_tried_as_often_as_it_deserves() {
        assert_eq!(exhaust(FalErrorKind::RateLimited), (6, FailureCode::ProviderRateLimited));
        assert_eq!(exhaust(FalErrorKind::Internal), (4, FailureCode::ProviderError));
        assert_eq!(exhaust(FalErrorKind::TimedOut), (3, FailureCode::GenerationTimeout));
        assert_eq!(exhaust(FalErrorKind::ContentPolicy), (2, FailureCode::ContentRefused));
        assert_eq!(exhaust(FalErrorKind::InvalidInput), (1, FailureCode::InvalidInput));
        assert_eq!(exhaust(FalErrorKind::Authentication), (1, FailureCode::ProviderAuthentication));
        assert_eq!(exhaust(FalErrorKind::AccountLocked), (1, FailureCode::ProviderAccountLocked));
        // flux-dev, then flux-schnell which has no stand-in and is tried thrice more.
        assert_eq!(exhaust(FalErrorKind::Unavailable), (4, FailureCode::ProviderUnavailable));
    }

    #[test]
    fn an_unavailable_model_is_replaced_and_a_slow_one_relieved() {
        let one = |kind| attempts(&[AttemptOutcome::Rejected(kind)]);
        let next = after_error(
            &FalError::new(FalErrorKind::Unavailable, "no"),
            &recipe(),
            &one(FalErrorKind::Unavailable),
            0.0,
            &Wording::default(),
        );
        assert!(matches!(next, Next::Again { recipe: Some(recipe), .. } if recipe.model == "flux-schnell"));
        let next = after_error(
            &FalError::new(FalErrorKind::TimedOut, "no"),
            &recipe(),
            &one(FalErrorKind::TimedOut),
            0.0,
            &Wording::default(),
        );
        assert!(matches!(next, Next::Again { recipe: Some(recipe), .. } if recipe.steps == Some(33)));
    }

    #[test]
    fn silence_is_answered_twice() {
        let lost = |n| attempts(&vec![AttemptOutcome::Lost; n]);
        assert!(matches!(after_silence(&lost(2)), Next::Again { .. }));
        assert!(matches!(after_silence(&lost(3)), Next::GiveUp(failure) if failure.code == FailureCode::SubmitLost));
    }
}
