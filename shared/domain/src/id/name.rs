//! Names that callers choose.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{InvalidId, textual};

/// What [`is_name`] takes, and what e-mail addresses and the names of identity providers have besides. Nothing that
/// parts of keys are told apart by.
fn is_user(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-@+|:".contains(&byte);
    (1..=128).contains(&text.len()) && text.as_bytes()[0].is_ascii_alphanumeric() && text.bytes().all(plain)
}

/// A name that a caller chose: 1-64 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit.
/// `#` and `/` are key and path separators here, so they can never be part of one.
fn is_name(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if $rule(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId { expected: $expected }) }
            }
        }
        textual!($name);
    };
}

name!(
    /// A project, named by its creator.
    ProjectId, "a project id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit", is_name
);
name!(
    /// A character, place or prop within a project.
    SubjectId, "a subject id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit", is_name
);
name!(
    /// The user that a key belongs to. Identity providers name users by e-mail addresses, and by `auth0|5f7c`.
    UserId, "a user id: 1-128 letters, digits or `_.-@+|:`, beginning with a letter or digit", is_user
);

name!(
    /// A person whose likeness a LoRA holds, within a project.
    PersonId, "a person id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit", is_name
);

/// The folder `path` of a project.
#[must_use]
pub fn project_folder(project: &ProjectId, path: &str) -> String {
    format!("projects/{project}/{path}")
}
