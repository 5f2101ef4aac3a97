//! What fal delivered comes in: checked, stored, recorded; and with a job's last shot the job ends.

mod app;
mod download;
mod finish_job;
mod handle;
mod measured;
mod picture;
mod store_image;
mod verify;

pub use app::App;
pub use handle::handle;
