//! The calibrated models as data: from single measures to a score, and from an angle to what is seen from there.
//!
//! Written by `examples/calibrate.rs`, which does the fitting; nothing is fitted here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A check passes from here on.
pub const PASS: f64 = 0.7;

/// All models.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Weights {
    /// By check and relation: `color.same`, `color.turned`, ...
    pub checks: BTreeMap<String, Model>,
    /// By check: one view in its set.
    pub sets: BTreeMap<String, Model>,
    /// From which side a figure is seen.
    pub orientation: Orientation,
    /// Whether it is the same figure on the whole: `same`, `near`, `turned`, `opposite` of pairs, `few` and `many` of a
    /// view among few or many others. What they weigh are the checks' strains and the colours wherever they are.
    #[serde(default)]
    pub overall: BTreeMap<String, Model>,
    /// When two figures seen from the same side have another pose; `None`: that is never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<Pose>,
}

/// Another pose of the same figure: an outline farther off than other proportions make it, in the same colours.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pose {
    /// The least strain of the proportion check.
    pub strain: f64,
    /// The most that the colours may differ on the whole.
    pub hues: f64,
}

/// A logistic model with weights of 0 or more, so that a greater difference never raises the score.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Model {
    /// The badness at which the score is 0.7.
    pub threshold: f64,
    /// The badness that counts as 1 where other models weigh this one's; that of the score unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<f64>,
    /// Those that count.
    pub measures: BTreeMap<String, Measure>,
}

/// How one measure counts: `weight * ln(1 + value / scale)`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measure {
    /// The measure's usual size on benign pairs.
    pub scale: f64,
    /// 0 or more.
    pub weight: f64,
}

/// What is seen of a figure from each side, against its front and against other views.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Orientation {
    /// Against the master, by the angle.
    pub measures: BTreeMap<String, Course>,
    /// Against another view, by the degrees between the two.
    pub profiles: BTreeMap<String, Course>,
    /// Where there is only the master.
    pub alone: Ballot,
    /// Where there are many other views.
    pub company: Ballot,
    /// Where there are few; the same as of many unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few: Option<Ballot>,
}

/// How much each measure's word counts, and how much doubt is too much.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Ballot {
    /// By how much another side must be likelier before it is said to be wrong.
    pub threshold: f64,
    /// By how much the mirrored side must be likelier than the claimed one itself; `None`: that is not asked. Left and
    /// right are confused more often than other sides, and the question is narrower than that of `threshold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrored: Option<f64>,
    /// By measure, 0 or more.
    pub weights: BTreeMap<String, f64>,
}

/// A measure at 0, 30, ... 180 degrees. Those whose name begins with `side` change sign on the other side.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Course {
    /// Its mean.
    pub mean: [f64; 7],
    /// Its standard deviation.
    pub deviation: [f64; 7],
}

impl Weights {
    /// Those of `data/consistency.json`.
    pub fn committed() -> &'static Self {
        static COMMITTED: LazyLock<Weights> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../data/consistency.json")).expect("the committed weights are valid")
        });
        &COMMITTED
    }
}

impl Model {
    /// 0 for no difference at all.
    pub fn badness(&self, measures: &BTreeMap<String, f64>) -> f64 {
        let part = |(name, measure): (&String, &Measure)| {
            measures.get(name).map_or(0.0, |value| measure.weight * (value / measure.scale).ln_1p())
        };
        self.measures.iter().map(part).sum()
    }

    /// The badness in its unit: what other models weigh.
    pub fn strain(&self, measures: &BTreeMap<String, f64>) -> f64 {
        self.badness(measures) / self.unit.unwrap_or(self.threshold).max(1e-9)
    }

    /// 1 for no difference, 0.7 at the threshold, towards 0 beyond.
    pub fn score(&self, measures: &BTreeMap<String, f64>) -> f64 {
        score(self.badness(measures) / self.threshold.max(1e-9))
    }
}

/// Of a badness whose threshold is 1: 1 for no difference, 0.7 at the threshold, towards 0 beyond.
pub(super) fn score(bad: f64) -> f64 {
    if bad <= 1.0 { 1.0 - (1.0 - PASS) * bad } else { PASS * (-(bad - 1.0) * (1.0 - PASS) / PASS).exp() }
}

impl Course {
    /// Mean and deviation at an angle of any sign, between the tabled ones on a line.
    pub fn at(&self, odd: bool, degrees: f64) -> (f64, f64) {
        let turned = degrees.rem_euclid(360.0);
        let (away, sign) = if turned > 180.0 { (360.0 - turned, -1.0) } else { (turned, 1.0) };
        let place = away / 30.0;
        let low = (place.floor() as usize).min(5);
        let share = place - low as f64;
        let between = |table: &[f64; 7]| table[low] + (table[low + 1] - table[low]) * share;
        (between(&self.mean) * if odd { sign } else { 1.0 }, between(&self.deviation))
    }
}
