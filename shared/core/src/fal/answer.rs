//! What an answer of fal's says about a request: one table for every question that we ask and every form of answer, so
//! that a callback and a question lead to the same decision. `docs/design/fal-answers.md` has it with its reasons, and
//! a test holds the two together.
//!
//! Not here: what follows (`retry.rs`), and for how long we ask (`poll_provider.rs`).

use super::FalErrorKind;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `POST`: make this.
    Submit,
    /// `GET …/status`: where does it stand.
    Status,
    /// `GET` of the result, once it is completed. A callback is the answer to it, see [`Says::of`].
    Result,
    /// `PUT …/cancel`: drop it.
    Cancel,
    /// `GET` of an image from the file host.
    Download,
}

/// The form of an answer. Numbers are HTTP statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What was asked for.
    Good,
    /// An error with a type of fal's vocabulary.
    Typed(u16, FalErrorKind),
    /// An error as JSON, without a type.
    Untyped(u16),
    /// 3xx, which is never followed: it would be sent our key.
    Redirect,
    /// No answer in time.
    Hang,
    /// The connection ended before the answer did.
    Cut,
    /// The connection was never made: nothing was sent.
    NotSent,
    /// A success whose body is not what was asked for.
    Unreadable,
    /// An error whose body is no JSON: of a proxy, a portal, or an app that ended with an exception.
    Foreign(u16),
}

/// What an answer says about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It is the answer.
    Answer,
    /// The request is refused or failed, by fal's own word: final for this attempt.
    Outcome,
    /// Nothing was taken, and just now nothing is taken from anybody: the lanes stand still, and no job pays for it.
    Closed,
    /// It may have been taken: not sent again before its window has passed.
    Perhaps,
    /// Something about the request that is believed once it was said over a window.
    Doubt,
    /// Nothing about the request: asked again, for hours.
    Nothing,
}

impl Says {
    /// The table. `told`: fal has said elsewhere (in the status, or by a callback) that the request failed, so that
    /// what would be doubted of a result is believed.
    #[must_use]
    pub fn of(question: Question, form: Form, told: bool) -> Self {
        match question {
            Question::Submit => of_submit(form),
            Question::Status => of_status(form),
            Question::Result if told => match of_result(form) {
                Self::Doubt => Self::Outcome,
                // The failure is known; what it cost is not, so the question is repeated for a while.
                Self::Nothing => Self::Doubt,
                said @ (Self::Answer | Self::Outcome | Self::Closed | Self::Perhaps) => said,
            },
            Question::Result => of_result(form),
            Question::Cancel => of_cancel(form),
            Question::Download => of_download(form),
        }
    }
}

/// fal's gateway looks at key, endpoint and JSON only: what it says of the input is final, all else is its own weather.
fn of_submit(form: Form) -> Says {
    use FalErrorKind::{
        AccountLocked, Authentication, Cancelled, ContentPolicy, Download, Garbled, Internal, InvalidInput, Moderated,
        RateLimited, StartDeadline, TimedOut, Unavailable, Unreachable,
    };
    match form {
        Form::Good => Says::Answer,
        Form::Typed(_, StartDeadline) => Says::Outcome,
        // Whatever ran into a time-out, or stood behind a gateway, may have gone through.
        Form::Typed(408 | 502 | 504, _) | Form::Untyped(408 | 502 | 504) => Says::Perhaps,
        // Of the address rather than of the input.
        Form::Typed(404 | 405 | 410, _) => Says::Doubt,
        Form::Typed(_, ContentPolicy | Moderated | InvalidInput | Download | Cancelled) => Says::Outcome,
        Form::Typed(_, RateLimited | Unavailable | Unreachable | Internal | Authentication | AccountLocked) => {
            Says::Closed
        }
        Form::Typed(_, TimedOut | Garbled) | Form::Unreadable | Form::Hang | Form::Cut => Says::Perhaps,
        Form::Untyped(401 | 403 | 429 | 500..) | Form::Foreign(401 | 403 | 429) => Says::Closed,
        Form::Untyped(400 | 413 | 422) => Says::Outcome,
        Form::Redirect | Form::NotSent => Says::Closed,
        Form::Foreign(500..) => Says::Perhaps,
        Form::Untyped(_) | Form::Foreign(_) => Says::Doubt,
    }
}

/// Only fal's own "not found" is about the request.
fn of_status(form: Form) -> Says {
    match form {
        Form::Good => Says::Answer,
        Form::Typed(404, _) | Form::Untyped(404) => Says::Doubt,
        Form::Typed(..)
        | Form::Untyped(_)
        | Form::Redirect
        | Form::Hang
        | Form::Cut
        | Form::NotSent
        | Form::Unreadable
        | Form::Foreign(_) => Says::Nothing,
    }
}

/// The result of a request whose status is completed has the model's own status, headers and body.
fn of_result(form: Form) -> Says {
    use FalErrorKind::{
        AccountLocked, Authentication, Cancelled, ContentPolicy, Download, Garbled, Internal, InvalidInput, Moderated,
        RateLimited, StartDeadline, TimedOut, Unavailable, Unreachable,
    };
    match form {
        Form::Good => Says::Answer,
        // About the question: our key, our pace.
        Form::Typed(401 | 403 | 408 | 429, _)
        | Form::Untyped(401 | 403 | 408 | 429)
        | Form::Foreign(401 | 403 | 408 | 429) => Says::Nothing,
        // An app's own "not found" looks like fal's.
        Form::Typed(404, _) | Form::Untyped(404) | Form::Foreign(404) => Says::Doubt,
        Form::Typed(_, ContentPolicy | Moderated | InvalidInput | Download | Cancelled | StartDeadline) => {
            Says::Outcome
        }
        // The same words describe a fault in answering.
        Form::Typed(
            _,
            RateLimited | Unavailable | Unreachable | TimedOut | Internal | Authentication | AccountLocked | Garbled,
        ) => Says::Doubt,
        Form::Untyped(422 | 499) => Says::Outcome,
        // "Still in progress", whatever the status said just before.
        Form::Untyped(400) => Says::Nothing,
        Form::Untyped(502..=504) | Form::Foreign(502..=504) => Says::Nothing,
        Form::Unreadable | Form::Untyped(_) | Form::Foreign(_) => Says::Doubt,
        Form::Redirect | Form::Hang | Form::Cut | Form::NotSent => Says::Nothing,
    }
}

/// 400 and 404: nothing is left to cancel, and the status says what became of it.
fn of_cancel(form: Form) -> Says {
    match form {
        Form::Good | Form::Unreadable | Form::Typed(400 | 404, _) | Form::Untyped(400 | 404) => Says::Answer,
        Form::Typed(..)
        | Form::Untyped(_)
        | Form::Redirect
        | Form::Hang
        | Form::Cut
        | Form::NotSent
        | Form::Foreign(_) => Says::Nothing,
    }
}

/// The picture is paid for: nothing that the file host says is final at once.
fn of_download(form: Form) -> Says {
    match form {
        Form::Good => Says::Answer,
        Form::Typed(408 | 425 | 429 | 500.., _)
        | Form::Untyped(408 | 425 | 429 | 500..)
        | Form::Foreign(408 | 425 | 429 | 500..)
        | Form::Hang
        | Form::Cut
        | Form::NotSent => Says::Nothing,
        Form::Typed(..) | Form::Untyped(_) | Form::Foreign(_) | Form::Redirect | Form::Unreadable => Says::Doubt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONS: [Question; 5] =
        [Question::Submit, Question::Status, Question::Result, Question::Cancel, Question::Download];

    /// One of each form that is judged in its own way somewhere.
    fn forms() -> Vec<(&'static str, Form)> {
        use FalErrorKind::{
            AccountLocked, Cancelled, ContentPolicy, Download, Garbled, Internal, InvalidInput, Moderated, RateLimited,
            StartDeadline, TimedOut, Unavailable,
        };
        vec![
            ("good", Form::Good),
            ("typed 422, content policy", Form::Typed(422, ContentPolicy)),
            ("typed 422, moderated", Form::Typed(422, Moderated)),
            ("typed 422, input", Form::Typed(422, InvalidInput)),
            ("typed 422, download", Form::Typed(422, Download)),
            ("typed 404", Form::Typed(404, Garbled)),
            ("typed 429", Form::Typed(429, RateLimited)),
            ("typed 499, cancelled", Form::Typed(499, Cancelled)),
            ("typed 500, internal", Form::Typed(500, Internal)),
            ("typed 502, runner", Form::Typed(502, Internal)),
            ("typed 503, no runner", Form::Typed(503, Unavailable)),
            ("typed 504, time-out", Form::Typed(504, TimedOut)),
            ("typed 504, our deadline", Form::Typed(504, StartDeadline)),
            ("untyped 400", Form::Untyped(400)),
            ("untyped 401", Form::Untyped(401)),
            ("untyped 403, locked", Form::Typed(403, AccountLocked)),
            ("untyped 404", Form::Untyped(404)),
            ("untyped 422", Form::Untyped(422)),
            ("untyped 429", Form::Untyped(429)),
            ("untyped 500", Form::Untyped(500)),
            ("untyped 503", Form::Untyped(503)),
            ("untyped 504", Form::Untyped(504)),
            ("redirect", Form::Redirect),
            ("hang", Form::Hang),
            ("cut", Form::Cut),
            ("not sent", Form::NotSent),
            ("unreadable", Form::Unreadable),
            ("foreign 403", Form::Foreign(403)),
            ("foreign 404", Form::Foreign(404)),
            ("foreign 429", Form::Foreign(429)),
            ("foreign 500", Form::Foreign(500)),
            ("foreign 502", Form::Foreign(502)),
        ]
    }

    fn word(says: Says) -> &'static str {
        match says {
            Says::Answer => "answer",
            Says::Outcome => "outcome",
            Says::Closed => "closed",
            Says::Perhaps => "perhaps",
            Says::Doubt => "doubt",
            Says::Nothing => "nothing",
        }
    }

    #[test]
    fn the_table_in_the_docs_is_this_one() {
        let mut table = "| answer | submit | status | result | result, failure told | cancel | download |\n".to_owned();
        table.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        for (name, form) in forms() {
            let mut cells: Vec<_> = QUESTIONS.iter().map(|asked| word(Says::of(*asked, form, false))).collect();
            cells.insert(3, word(Says::of(Question::Result, form, true)));
            table.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
        }
        let docs = include_str!("../../../../docs/design/fal-answers.md");
        assert!(docs.contains(&table), "docs/design/fal-answers.md should hold this table:\n{table}");
    }

    #[test]
    fn only_a_submit_closes_the_lanes_and_no_answer_to_a_question_ends_a_request_at_once_but_its_own_verdict() {
        for (name, form) in forms() {
            for question in [Question::Status, Question::Result, Question::Cancel, Question::Download] {
                let said = Says::of(question, form, false);
                assert!(!matches!(said, Says::Closed | Says::Perhaps), "{name}");
                assert!(said != Says::Outcome || question == Question::Result, "{name}");
            }
        }
    }
}
