//! Files as strangers write them, through the gate.
#![expect(clippy::unwrap_used, reason = "a test")]

mod colours;
mod stills;

mod files;
