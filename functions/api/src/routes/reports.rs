//! Comparisons of images, and their reports.

pub(crate) mod create_upload;
pub(crate) mod get_report;
pub(crate) mod list_reports;
mod upload;
pub(crate) mod verify_consistency;
