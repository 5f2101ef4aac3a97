//! Journeys.

mod harness;
mod journeys;
mod model_table;
mod tap;
mod whole_table;
