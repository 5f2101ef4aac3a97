//! `POST /api/webhooks/fal`: fal's callbacks. Verifies over the raw body, binds to a pending shot, records, hands on and
//! answers. Nothing is downloaded here: fal gives an answer 15 seconds.

mod app;
mod receive;

pub use app::{App, router};
