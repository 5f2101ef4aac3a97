//! Bodies, paths and queries: how they are read, and what is checked of them.

pub(crate) mod body;
pub(crate) mod encoding;
pub(crate) mod errors;
pub(crate) mod hidden;
pub(crate) mod image_size;
pub(crate) mod json;
pub(crate) mod kinds;
pub(crate) mod limits;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod place;
pub(crate) mod pointer;
pub(crate) mod query;
pub(crate) mod reachable;
pub(crate) mod read;
pub(crate) mod validation;
