//! Journeys through the front door.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

mod access;
mod admission;
mod backlog;
mod bad_input;
mod cache;
mod call_off;
mod cancel;
mod catalogue;
mod composite;
mod consistency;
mod crash_points;
mod dead_letters;
mod deadline;
mod disorder;
mod events;
mod faces;
mod faults;
mod generate;
mod hostile;
mod idempotency;
mod images;
mod loras;
mod master;
mod other_fal;
mod outage;
mod overload;
mod portrait;
mod profile;
mod regenerate;
mod restart;
mod retry;
mod sweep;
mod verify;
mod webhook;
mod workflow;
