//! The style check: how a figure is drawn (lines, tones, texture, saturation), whoever it is and from wherever it is
//! seen.

use std::collections::BTreeMap;

use super::canon::{COLUMNS, Canon, ROWS};
use super::figure::Figure;
use super::report::{Issue, Severity};

/// Statistics of the drawing's manner.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// Compared by their ratio.
    ratios: [(&'static str, f64); 8],
    /// Compared by their difference.
    shares: [(&'static str, f64); 6],
}

impl Manner {
    pub(super) fn of(canon: &Canon) -> Self {
        let places: Vec<usize> = (0..ROWS * COLUMNS).filter(|&at| canon.solid[at]).collect();
        let light = |at: usize| canon.labs[at][0];
        let sorted = |value: &dyn Fn(usize) -> f32| {
            let mut values: Vec<f32> = places.iter().map(|&at| value(at)).collect();
            values.sort_by(f32::total_cmp);
            values
        };
        let grain = sorted(&|at| {
            let around = light(at - 1) + light(at + 1) + light(at - COLUMNS) + light(at + COLUMNS);
            (light(at) - around / 4.0).abs()
        });
        let slope = |at: usize| (light(at + 1) - light(at - 1)).hypot(light(at + COLUMNS) - light(at - COLUMNS)) / 2.0;
        let slopes = sorted(&slope);
        let chroma = sorted(&|at| canon.labs[at][1].hypot(canon.labs[at][2]));
        let lights = sorted(&light);
        let share = |wanted: &dyn Fn(usize) -> bool| {
            places.iter().filter(|&&at| wanted(at)).count() as f64 / places.len().max(1) as f64
        };
        Self {
            ratios: [
                ("grain", mean(&grain)),
                ("grainTypical", quantile(&grain, 0.5)),
                ("grainStrong", quantile(&grain, 0.9)),
                ("slopeTypical", quantile(&slopes, 0.5)),
                ("slope", quantile(&slopes, 0.75)),
                ("slopeStrong", quantile(&slopes, 0.93)),
                ("saturation", mean(&chroma)),
                ("saturationStrong", quantile(&chroma, 0.9)),
            ],
            shares: [
                ("flat", share(&|at| slope(at) < 0.004)),
                ("ink", share(&|at| ink(canon, at))),
                ("outline", outline(canon) - quantile(&lights, 0.5)),
                ("dark", quantile(&lights, 0.05)),
                ("light", quantile(&lights, 0.95)),
                ("contrast", quantile(&lights, 0.9) - quantile(&lights, 0.2)),
            ],
        }
    }
}

/// So that a ratio of next to nothing says little.
const FLOOR: f64 = 0.002;

impl Manner {
    /// All statistics, on scales on which differences count alike: logarithms and shares.
    pub(super) fn scaled(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let ratios = self.ratios.iter().map(|(name, value)| (*name, (value + FLOOR).ln()));
        ratios.chain(self.shares.iter().copied())
    }
}

pub(super) fn measures(reference: &Figure, candidate: &Figure) -> BTreeMap<String, f64> {
    let both = reference.manner.scaled().zip(candidate.manner.scaled());
    both.map(|((name, a), (_, b))| (name.to_owned(), (b - a).abs())).collect()
}

/// Darker than what lies two pixels away on both sides.
fn ink(canon: &Canon, at: usize) -> bool {
    const LESS: f32 = 0.10;
    let light = |at: usize| canon.labs[at][0];
    let between = |step: usize| {
        at >= step && at + step < canon.labs.len() && light(at - step).min(light(at + step)) - light(at) > LESS
    };
    between(2) || between(2 * COLUMNS)
}

/// The rim's lightness.
fn outline(canon: &Canon) -> f64 {
    let mut rim: Vec<f32> =
        (0..ROWS * COLUMNS).filter(|&at| canon.inside[at] && !canon.solid[at]).map(|at| canon.labs[at][0]).collect();
    rim.sort_by(f32::total_cmp);
    quantile(&rim, 0.3)
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn quantile(sorted: &[f32], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().map_or(0.0, f64::from)
}

/// What about the drawing changed most.
pub(super) fn issue(reference: &Figure, candidate: &Figure, score: f64) -> Issue {
    let (a, b) = (&reference.manner, &candidate.manner);
    let share = |name: &str| {
        let of = |manner: &Manner| manner.shares.iter().find(|share| share.0 == name).map_or(0.0, |share| share.1);
        of(b) - of(a)
    };
    let ratio = |name: &str| {
        let of = |manner: &Manner| manner.ratios.iter().find(|ratio| ratio.0 == name).map_or(0.0, |ratio| ratio.1);
        (of(b) + FLOOR) / (of(a) + FLOOR)
    };
    // Each with what it takes to be remarkable.
    let changes = [
        (share("ink").abs() / 0.03, if share("ink") > 0.0 { "drawn lines appear" } else { "drawn lines vanish" }),
        (share("flat").abs() / 0.15, if share("flat") > 0.0 { "flatter tones" } else { "tones less flat" }),
        (ratio("grain").ln().abs() / 0.3, if ratio("grain") > 1.0 { "rougher texture" } else { "smoother texture" }),
        (
            ratio("saturation").ln().abs() / 0.25,
            if ratio("saturation") > 1.0 { "stronger colours" } else { "paler colours" },
        ),
        (share("contrast").abs() / 0.08, if share("contrast") > 0.0 { "more contrast" } else { "less contrast" }),
    ];
    let most = changes
        .iter()
        .fold((0.0, "another manner of drawing"), |best, next| if next.0 > best.0 { *next } else { best });
    Issue {
        severity: Severity::of(score),
        what: format!("style: {}", most.1),
        place: None,
        suggestion: "name the style in the prompt, in the same words for every picture".to_owned(),
    }
}
