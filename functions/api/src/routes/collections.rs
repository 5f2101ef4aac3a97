//! Images that belong together.

pub(crate) mod get_collection;
pub(crate) mod list_collections;
