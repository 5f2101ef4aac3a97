//! Clients of the outside world, and the steps that several functions take with them.
//!
//! One module per outside thing. What the product is about is `likeness-domain`, which knows no network. Nothing here
//! knows HTTP routes or Lambda events (those are the functions), pixels (`likeness-vision`) or that a local stack
//! exists.

// Places in lists, as texts.
pub mod cursor;

// Configuration, passed in.
pub mod config;
pub mod start;
pub mod telemetry;

// What is outside.
pub mod clients;
pub mod fal;
pub mod jwt;
pub mod store;

// What one answer of fal leads to, whichever way it came.
mod inquiry;
pub mod steps;
