//! The lanes: a message comes from every step that may have made room, and this function admits the best waiting shots
//! and submits them to fal.

mod admit;
mod app;
mod handle;
mod submit;

pub use app::App;
pub use handle::handle;
