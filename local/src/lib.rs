//! Likeness on a laptop: embedded engines, the triggers that AWS would be, and a fal emulator.
//!
//! Only endpoints and credentials differ from AWS: the functions are started with an environment, as Lambda starts them.

pub mod audit;
pub mod command;
mod connection;
mod contact_sheet;
pub mod engines;
pub mod fal;
pub mod stack;
mod triggers;
pub mod wire;
