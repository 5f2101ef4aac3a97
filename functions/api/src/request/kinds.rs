//! The bodies of the generating routes, which workflows and the first API take too: each becomes a kind of the domain.

pub(crate) mod composite;
pub(crate) mod master;
pub(crate) mod portrait;
pub(crate) mod profile;
pub(crate) mod regeneration;
