//! The features check: small patches of face, hair and clothes, each looked for nearby in the other figure.
//!
//! Only between pictures from the same side: what turns cannot be laid over what did not.

use std::collections::BTreeMap;

use super::cells::Patch;
use super::figure::Figure;
use super::parts;
use super::report::{Evidence, Issue, Severity};
use super::style::quantile;
use super::surface::{ACROSS, DOWN};

pub(super) struct Difference {
    pub(super) measures: BTreeMap<String, f64>,
    pub(super) patch: Patch,
}

/// Rows of patches that hold the head, of an adult as of a child.
const HEAD: usize = DOWN * 30 / 100;

pub(super) fn difference(reference: &Figure, candidate: &Figure) -> Difference {
    let new = candidate.surface.unlike(&reference.surface);
    let gone = reference.surface.unlike(&candidate.surface);
    let mut measures = BTreeMap::new();
    for (name, values) in [("new", &new), ("gone", &gone)] {
        let (head, body) = values.split_at(HEAD * ACROSS);
        for (part, values) in [("Head", head), ("Body", body)] {
            let mut sorted: Vec<f32> = values.iter().copied().filter(|&value| value > 0.0).collect();
            sorted.sort_by(f32::total_cmp);
            let count = sorted.len().max(1) as f64;
            let mean = sorted.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
            measures.insert(format!("{name}{part}Mean"), mean);
            measures.insert(format!("{name}{part}Many"), quantile(&sorted, 0.85));
            measures.insert(format!("{name}{part}Much"), quantile(&sorted, 0.95));
            measures.insert(format!("{name}{part}Most"), quantile(&sorted, 0.99));
            measures.insert(format!("{name}{part}Patch"), Patch::heaviest(values, ACROSS, 0.05).weight);
            measures.insert(format!("{name}{part}FaintPatch"), Patch::heaviest(values, ACROSS, 0.028).weight);
        }
    }
    let newest = Patch::heaviest(&new, ACROSS, 0.04);
    let lost = Patch::heaviest(&gone, ACROSS, 0.04);
    Difference { measures, patch: if newest.weight >= lost.weight { newest } else { lost } }
}

pub(super) fn issue(candidate: &Figure, found: &Difference, score: f64) -> Issue {
    let bounds = found.patch.bounds(ACROSS, DOWN);
    let somewhere = found.patch.members.is_empty();
    let part = parts::name(candidate.nature, if somewhere { [0.0, 0.0, 1.0, 1.0] } else { bounds });
    Issue {
        severity: Severity::of(score),
        what: format!("{part}: details differ from the reference"),
        place: (!somewhere).then(|| Evidence::on(candidate, bounds)),
        suggestion: format!(
            "describe what is worn or seen at the {part}, and use the reference image with more weight"
        ),
    }
}
