//! The domain of Likeness and its clients of the outside world.
//!
//! The pure part comes first and knows no network; then one module per outside thing. Nothing here knows HTTP routes
//! or Lambda events (those are the functions), pixels (`likeness-vision`) or that a local stack exists.

// What the product is about: pure, no I/O.
pub mod admission;
pub mod collection;
pub mod cursor;
pub mod failure;
pub mod filing;
pub mod id;
pub mod job;
pub mod kind;
pub mod lane;
pub mod lora;
pub mod media;
pub mod model;
pub mod money;
pub mod person;
pub mod pointer;
pub mod project;
pub mod prompt;
pub mod public_url;
pub mod recipe;
pub mod report;
pub mod retry;
pub mod safetensors;
pub mod shot;
pub mod subject;
pub mod workflow;

// Time, randomness and configuration, passed in.
pub mod clock;
pub mod config;
pub mod entropy;
pub mod start;
pub mod telemetry;

// One module per outside thing.
mod aws;
pub mod backlog;
pub mod bucket;
pub mod faces;
pub mod fal;
pub mod hosts;
pub mod queue;
pub mod store;
mod tls;

// Steps that several functions take.
pub mod advance;
pub mod call_off;
pub mod deadline;
mod inquiry;
pub mod intake;
pub mod look_up;
pub mod outcome;
pub mod rehearse;
pub mod take_back;
