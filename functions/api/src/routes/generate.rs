//! A route for each kind of image.

pub(crate) mod create_composite;
pub(crate) mod create_master;
pub(crate) mod create_portrait;
pub(crate) mod create_profile;
pub(crate) mod regeneration;
