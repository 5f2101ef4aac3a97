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
pub(super) enum RetryDecision {
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
const MOST_DOWNLOADS: usize = 5;

/// After fal answered with `error`. `attempts` end with the one that failed; `jitter` is between 0 and 1; `wording`
/// says what is taken out of a prompt that fal's content policy refused.
#[must_use]
pub(super) fn after_error(
    error: &FalError,
    recipe: &Recipe,
    attempts: &[&Attempt],
    jitter: f64,
    wording: &Wording,
) -> RetryDecision {
    let before = times(attempts, error.kind);
    // fal's own word against trying again counts where trying again would be all that we do.
    let told_not_to = error.retryable == Some(false)
        && matches!(error.kind, FalErrorKind::Internal | FalErrorKind::TimedOut | FalErrorKind::Download);
    if told_not_to || attempts.len() >= MAX_ATTEMPTS {
        return RetryDecision::GiveUp(give_up(error, &recipe.prompt));
    }
    let again =
        |recipe: Option<Recipe>| RetryDecision::Again { recipe: recipe.map(Box::new), after: back_off(before, jitter) };
    let otherwise =
        |recipe: Recipe| RetryDecision::Again { recipe: Some(Box::new(recipe)), after: SignedDuration::ZERO };
    match error.kind {
        FalErrorKind::RateLimited if before <= 5 => again(None),
        FalErrorKind::Internal if before <= 3 => again(None),
        FalErrorKind::Garbled if before <= 1 => again(None),
        // Our bucket, or the host of a reference, may be away: 4 s to 4 min, six minutes in all.
        FalErrorKind::Download if before <= MOST_DOWNLOADS => {
            RetryDecision::Again { recipe: None, after: back_off(before, jitter) * (4 << before.min(2)) }
        }
        FalErrorKind::StartDeadline if before <= 2 => again(None),
        FalErrorKind::Unavailable => match recipe.model().ok().and_then(Model::fallback) {
            Some(fallback) => otherwise(recipe.on(fallback)),
            None if before <= 3 => again(None),
            None => RetryDecision::GiveUp(give_up(error, &recipe.prompt)),
        },
        // Only where the project allows a stand-in: see `record_result.rs`.
        FalErrorKind::Moderated if let Some(fallback) = recipe.model().ok().and_then(Model::fallback) => {
            otherwise(recipe.on(fallback))
        }
        FalErrorKind::TimedOut if before <= 2 => match recipe.with_fewer_steps() {
            Some(fewer) => again(Some(fewer)),
            None => again(None),
        },
        FalErrorKind::ContentPolicy | FalErrorKind::Moderated if before <= 3 => {
            let prompt = wording.sanitised(&recipe.prompt);
            if prompt == recipe.prompt || prompt.is_empty() {
                RetryDecision::GiveUp(give_up(error, &recipe.prompt))
            } else {
                otherwise(Recipe { prompt, ..recipe.clone() })
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
        | FalErrorKind::Moderated
        | FalErrorKind::InvalidInput
        | FalErrorKind::Authentication
        | FalErrorKind::AccountLocked
        | FalErrorKind::Cancelled => RetryDecision::GiveUp(give_up(error, &recipe.prompt)),
    }
}

/// After fal turned the request away, for the `times`-th time in a row: after `least`, in which the lanes stand still,
/// and a pause of its own, so that another is the next to find out.
#[must_use]
pub(super) fn after_turning_away(times: u32, least: SignedDuration, jitter: f64) -> RetryDecision {
    let own = back_off(times as usize, jitter) * 2;
    RetryDecision::Again { recipe: None, after: least.max(own) }
}

/// After nothing was heard for as long as fal could have needed. Each of these may have been paid, so that the pauses
/// grow: eight in three hours.
#[must_use]
pub(super) fn after_silence(attempts: &[&Attempt]) -> RetryDecision {
    let silences = attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Lost).count();
    if attempts.len() >= MAX_ATTEMPTS {
        let detail = "fal did not let us know whether it took this request, for hours; retry the job later";
        return RetryDecision::GiveUp(Failure::new(FailureCode::SubmitLost, detail));
    }
    let minutes = match silences {
        0..=2 => 0,
        3 => 5,
        4 => 15,
        5 => 30,
        _ => 60,
    };
    RetryDecision::Again { recipe: None, after: SignedDuration::from_mins(minutes) }
}

fn times(attempts: &[&Attempt], kind: FalErrorKind) -> usize {
    attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Rejected(kind)).count()
}

/// 1, 2, 4, 8, 16 seconds, of which up to half is left to chance so that shots do not come back in step.
fn back_off(failures: usize, jitter: f64) -> SignedDuration {
    let ceiling = 1 << (failures.saturating_sub(1)).min(4);
    SignedDuration::from_millis(ceiling * 500) + SignedDuration::from_secs_f64(ceiling as f64 * 0.5 * jitter)
}

/// Why no further attempt follows, in words for the caller of `prompt`.
pub(super) fn give_up(error: &FalError, prompt: &str) -> Failure {
    let code = match error.kind {
        FalErrorKind::RateLimited => FailureCode::ProviderRateLimited,
        FalErrorKind::Unavailable | FalErrorKind::Unreachable => FailureCode::ProviderUnavailable,
        FalErrorKind::TimedOut | FalErrorKind::StartDeadline => FailureCode::GenerationTimeout,
        FalErrorKind::Internal => FailureCode::ProviderError,
        FalErrorKind::ContentPolicy | FalErrorKind::Moderated => FailureCode::ContentRefused,
        FalErrorKind::InvalidInput => FailureCode::InvalidInput,
        FalErrorKind::Download => FailureCode::ReferenceUnreachable,
        FalErrorKind::Authentication => FailureCode::ProviderAuthentication,
        FalErrorKind::AccountLocked => FailureCode::ProviderAccountLocked,
        FalErrorKind::Cancelled | FalErrorKind::Garbled => FailureCode::ProviderProtocol,
    };
    Failure::new(code, error.for_caller(prompt))
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
            left_at_fal: false,
            surplus: 0,
            categories: Vec::new(),
        };
        outcomes.iter().enumerate().map(attempt).collect()
    }

    /// How many attempts follow when fal always answers with `kind`, and the code at the end.
    fn exhaust(kind: FalErrorKind) -> (usize, FailureCode) {
        let (mut recipe, mut outcomes) = (recipe(), Vec::new());
        loop {
            outcomes.push(AttemptOutcome::Rejected(kind));
            match after_error(
                &FalError::new(kind, "no"),
                &recipe,
                &attempts(&outcomes).iter().collect::<Vec<_>>(),
                0.5,
                &Wording::default(),
            ) {
                RetryDecision::Again { recipe: changed, .. } => recipe = changed.map_or(recipe, |changed| *changed),
                RetryDecision::GiveUp(failure) => return (outcomes.len(), failure.code),
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
            &one(FalErrorKind::Unavailable).iter().collect::<Vec<_>>(),
            0.0,
            &Wording::default(),
        );
        assert!(matches!(next, RetryDecision::Again { recipe: Some(recipe), .. } if recipe.model == "flux-schnell"));
        let next = after_error(
            &FalError::new(FalErrorKind::TimedOut, "no"),
            &recipe(),
            &one(FalErrorKind::TimedOut).iter().collect::<Vec<_>>(),
            0.0,
            &Wording::default(),
        );
        assert!(matches!(next, RetryDecision::Again { recipe: Some(recipe), .. } if recipe.steps == Some(33)));
    }

    #[test]
    fn a_file_that_fal_cannot_fetch_is_given_ten_minutes_and_is_nobodys_input() {
        assert_eq!(exhaust(FalErrorKind::Download), (6, FailureCode::ReferenceUnreachable));
        assert!(FailureCode::ReferenceUnreachable.is_retryable());
        let mut waited = SignedDuration::ZERO;
        for tries in 1..=5 {
            let tried = attempts(&vec![AttemptOutcome::Rejected(FalErrorKind::Download); tries]);
            let error = FalError::new(FalErrorKind::Download, "no");
            let tried: Vec<_> = tried.iter().collect();
            let RetryDecision::Again { after, .. } = after_error(&error, &recipe(), &tried, 0.5, &Wording::default())
            else {
                panic!("given up after {tries}")
            };
            waited += after;
        }
        assert!(waited >= SignedDuration::from_mins(5) && waited <= SignedDuration::from_mins(10), "{waited:?}");
    }

    #[test]
    fn what_a_models_own_filter_refused_goes_to_its_stand_in() {
        let one = attempts(&[AttemptOutcome::Rejected(FalErrorKind::Moderated)]);
        let error = FalError::new(FalErrorKind::Moderated, "no");
        let next = after_error(&error, &recipe(), &one.iter().collect::<Vec<_>>(), 0.0, &Wording::default());
        assert!(matches!(next, RetryDecision::Again { recipe: Some(recipe), .. } if recipe.model == "flux-schnell"));
        // flux-schnell has none: the words are taken out, and then it is refused.
        assert_eq!(exhaust(FalErrorKind::Moderated), (3, FailureCode::ContentRefused));
    }
}
