//! Names that callers choose.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{InvalidId, textual};

/// A name that a caller chose: 1-64 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit.
/// `#` and `/` are key and path separators here, so they can never be part of one.
fn is_name(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
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
                if is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId { expected: $expected }) }
            }
        }
        textual!($name);
    };
}

name!(
    /// A project, named by whoever creates it.
    ProjectId, "a project id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit"
);
name!(
    /// A character, place or prop within a project.
    SubjectId, "a subject id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit"
);
name!(
    /// Whoever a key belongs to.
    UserId, "a user id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit"
);

name!(
    /// A person whose likeness a LoRA holds, within a project.
    PersonId, "a person id: 1-64 letters, digits, `_`, `.` or `-`, beginning with a letter or digit"
);

/// The folder `path` of a project.
#[must_use]
pub fn project_folder(project: &ProjectId, path: &str) -> String {
    format!("projects/{project}/{path}")
}
