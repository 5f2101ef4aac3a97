//! What a request asks fal for, where the images are filed, and what that costs at most. Pure but for the seed.

use jiff::Timestamp;

use super::{Acceptor, Resolved};
use crate::config::Planning;
use likeness_domain::{
    id::ProjectId,
    kind::{Kind, Plan, Setting, Unfit},
};

/// A request with its plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The request, with defaults filled in and images in place of the jobs that it named.
    pub kind: Kind,
    /// What is to be made of it.
    pub plan: Plan,
}

impl Acceptor {
    /// Plans a request whose names are resolved.
    ///
    /// # Errors
    /// It asks for what cannot be.
    pub fn plan(&self, project: &ProjectId, resolved: Resolved, now: Timestamp) -> Result<Planned, Unfit> {
        let Resolved { mut kind, material } = resolved;
        let Planning { wording, profile_batch, .. } = &self.planning;
        let setting = Setting { project, now, rng: &self.rng, wording, profile_batch: *profile_batch };
        let plan = kind.plan(&material, &setting)?;
        Ok(Planned { kind, plan })
    }
}
