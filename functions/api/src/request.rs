//! Bodies, paths and queries: how they are read, and what is checked of them.

pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod extract;
pub(crate) mod image_size;
pub(crate) mod kinds;
pub(crate) mod reachable;
pub(crate) mod validation;
