//! Clients of the outside world, and the steps that several functions take with them.
//!
//! One module per outside thing. What the product is about is `likeness-domain`, which knows no network. Nothing here knows
//! HTTP routes or Lambda events (those are the functions), pixels (`likeness-vision`) or that a local stack exists.

// The domain, under its names from before it was a crate of its own.
pub use likeness_domain::{
    admission, clock, collection, entropy, expected, failure, field, filing, id, job, kind, lane, lora, measured,
    media, model, money, person, pointer, project, prompt, public_url, recipe, report, safetensors, shot, subject,
    workflow,
};

// Places in lists, as texts.
pub mod cursor;

// Configuration, passed in.
pub mod config;
pub mod start;
pub mod telemetry;

// What is outside.
pub mod clients;
pub mod fal;
pub mod store;

pub mod steps;
