//! Journeys through the front door.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

mod access;
mod admission;
mod bad_input;
mod events;
mod faults;
mod idempotency;
mod images;
mod master;
mod other_fal;
mod restart;
mod sweep;
mod webhook;
