//! Images that were made, and their versions.

pub(crate) mod get_image;
pub(crate) mod list_images;
pub(crate) mod list_versions;
pub(crate) mod regenerate_image;
