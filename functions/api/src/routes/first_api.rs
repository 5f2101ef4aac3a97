//! The three routes of the first specification, whose clients exist.

pub(crate) mod generate;
pub(crate) mod generate_image;
pub(crate) mod generation_status;
pub(crate) mod translation;
