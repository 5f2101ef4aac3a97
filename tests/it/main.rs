//! Journeys.

mod conformance;
mod fal_emulator;
