//! The calibrated models as data, written by `examples/calibrate`.

use std::sync::LazyLock;

use crate::consistency::Model;

/// What turns measures into who is there.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct SceneWeights {
    /// Whether the figure at a place is the reference at all, recoloured or not.
    pub presence: Model,
    /// How alike it is.
    pub likeness: Model,
    /// How much of the presence model's threshold a figure that nobody asked for may reach.
    pub extra: f64,
    /// When a figure is put together from two references.
    pub blending: Blending,
}

/// Limits of differences, in OKLab.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Blending {
    /// By how much two references must explain a figure better than the best single one.
    pub gain: f64,
    /// The most by which any part may differ from its donor.
    pub most: f64,
}

impl SceneWeights {
    /// Those of `data/scene.json`.
    pub fn committed() -> &'static Self {
        static COMMITTED: LazyLock<SceneWeights> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../data/scene.json")).expect("the committed weights are valid")
        });
        &COMMITTED
    }

    /// 1 and above: it is somebody else, or nobody.
    pub(super) fn absence(&self, seen: &super::measure::Seen) -> f64 {
        self.presence.badness(&seen.measures) / self.presence.threshold.max(1e-9)
    }
}
