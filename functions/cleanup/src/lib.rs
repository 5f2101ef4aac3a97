//! The reconciler, on a schedule: whatever stayed silent is asked for, reminded or given up, so that nothing hangs.

mod app;
mod reconcile;

pub use app::App;
pub use reconcile::{Report, reconcile};
