//! The domain of Likeness: what is asked for, what is sent, what it costs and when it counts as made. Pure: no network,
//! no table, no HTTP, no pixels. Time and randomness are arguments.

pub mod admission;
mod as_text;
pub mod clock;
pub mod collection;
pub mod expected;
pub mod failure;
pub mod fal_error;
pub mod field;
pub mod id;
pub mod image_ref;
pub mod job;
pub mod kind;
pub mod lane;
pub mod limit;
pub mod lora;
pub mod measured;
pub mod media;
pub mod model;
pub mod money;
pub mod person;
pub mod project;
pub mod prompt;
pub mod public_url;
pub mod quote;
pub mod recipe;
pub mod report;
pub mod rng;
pub mod safetensors;
pub mod shot;
pub mod storage_plan;
pub mod subject;
pub mod workflow;
