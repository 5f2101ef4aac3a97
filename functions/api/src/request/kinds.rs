//! The bodies of the generating routes, which workflows and the first API take too: each becomes a kind of the domain.

pub(crate) mod composite;
pub(crate) mod master;
pub(crate) mod portrait;
pub(crate) mod profile;
pub(crate) mod regeneration;
pub(crate) mod text_or;
pub(crate) mod tuned;

use likeness_domain::{kind::Kind, prompt::Wording};

use crate::request::{body::Body, errors::Errors};

/// A body that asks for images.
pub(crate) trait AsksFor: Body {
    /// What it asks for; `None` where too much is wrong to say. What is wrong is noted either way.
    fn kind(self, errors: &mut Errors, wording: &Wording) -> Option<Kind>;
}
