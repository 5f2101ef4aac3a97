//! Two figures compared: which checks the angle between them allows, and what each says.

use std::collections::BTreeMap;

use super::cells::Reach;
use super::figure::Figure;
use super::report::{Check, Issue, Report, Verdict};
use super::weights::{PASS, Weights};
use super::{color, features, proportion, style};

/// How the candidate's side relates to the reference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Within 15 degrees: everything can be laid over everything.
    Same,
    /// In between: heights and the colours at each height.
    Turned,
    /// Within 15 degrees of 180: also the outline, mirrored.
    Opposite,
}

impl Relation {
    /// Of two figures this many degrees apart, in any direction.
    pub fn of(degrees: f64) -> Self {
        let turned = degrees.rem_euclid(360.0);
        match turned.min(360.0 - turned) {
            away if away <= 15.0 => Self::Same,
            away if away >= 165.0 => Self::Opposite,
            _ => Self::Turned,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Turned => "turned",
            Self::Opposite => "opposite",
        }
    }
}

/// Compares with the committed weights. The same figures give the same report, to the byte.
pub fn compare(reference: &Figure, candidate: &Figure, relation: Relation) -> Report {
    compare_with(Weights::committed(), reference, candidate, relation)
}

/// Compares with other weights: for calibration.
pub fn compare_with(weights: &Weights, reference: &Figure, candidate: &Figure, relation: Relation) -> Report {
    let judge = Judge { weights, relation };
    Report::of(
        judge.color(reference, candidate),
        judge.proportion(reference, candidate),
        judge.features(reference, candidate),
        judge.style(reference, candidate),
    )
}

struct Judge<'a> {
    weights: &'a Weights,
    relation: Relation,
}

impl Judge<'_> {
    fn color(&self, reference: &Figure, candidate: &Figure) -> Verdict {
        let reach = match self.relation {
            Relation::Same => Reach::Near,
            Relation::Turned | Relation::Opposite => Reach::Height,
        };
        let found = color::difference(reference, candidate, reach);
        self.verdict("color", found.measures.clone(), |score| color::issue(reference, candidate, &found, score))
    }

    fn proportion(&self, reference: &Figure, candidate: &Figure) -> Verdict {
        let measures = match self.relation {
            Relation::Same => proportion::shape(reference, candidate),
            Relation::Turned => proportion::heights(reference, candidate),
            Relation::Opposite => proportion::shape(reference, &candidate.mirrored()),
        };
        let same = self.relation == Relation::Same;
        self.verdict("proportion", measures, |score| Some(proportion::issue(reference, candidate, same, score)))
    }

    fn features(&self, reference: &Figure, candidate: &Figure) -> Verdict {
        if self.relation != Relation::Same {
            return Verdict::not_judged("face and details cannot be laid over a view from another side");
        }
        let found = features::difference(reference, candidate);
        self.verdict("features", found.measures.clone(), |score| Some(features::issue(candidate, &found, score)))
    }

    fn style(&self, reference: &Figure, candidate: &Figure) -> Verdict {
        self.verdict("style", style::measures(reference, candidate), |score| {
            Some(style::issue(reference, candidate, score))
        })
    }

    fn verdict(
        &self,
        check: &str,
        details: BTreeMap<String, f64>,
        issue: impl FnOnce(f64) -> Option<Issue>,
    ) -> Verdict {
        let Some(model) = self.weights.checks.get(&format!("{check}.{}", self.relation.word())) else {
            return Verdict::not_judged("no model was calibrated for this");
        };
        let score = model.score(&details);
        let passed = score >= PASS;
        let issues = if passed { Vec::new() } else { issue(score).into_iter().collect() };
        Verdict::Judged(Check { score, passed, details, issues })
    }
}

/// The single measures by check, named as in [`Weights::checks`]: what calibration fits.
pub fn measures(reference: &Figure, candidate: &Figure, relation: Relation) -> BTreeMap<String, BTreeMap<String, f64>> {
    let word = relation.word();
    let mut all = BTreeMap::new();
    let reach = if relation == Relation::Same { Reach::Near } else { Reach::Height };
    all.insert(format!("color.{word}"), color::difference(reference, candidate, reach).measures);
    let shape = match relation {
        Relation::Same => proportion::shape(reference, candidate),
        Relation::Turned => proportion::heights(reference, candidate),
        Relation::Opposite => proportion::shape(reference, &candidate.mirrored()),
    };
    all.insert(format!("proportion.{word}"), shape);
    if relation == Relation::Same {
        all.insert(format!("features.{word}"), features::difference(reference, candidate).measures);
    }
    all.insert(format!("style.{word}"), style::measures(reference, candidate));
    all
}
