//! Journeys.

mod conformance;
mod fal_emulator;
mod harness;
mod journeys;
