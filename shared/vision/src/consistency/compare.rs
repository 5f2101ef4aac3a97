//! Two figures compared: which checks the angle between them allows, and what each says.

use std::collections::BTreeMap;

use super::cells::Reach;
use super::figure::Figure;
use super::report::{Issue, Report, Verdict};
use super::weights::{Model, Weights};
use super::{color, features, hues, identity, proportion, style, surroundings};

/// How the candidate's side relates to the reference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Within 15 degrees: everything can be laid over everything.
    Same,
    /// Within 45 degrees: colours close by, heights, the outline loosely.
    Near,
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
            away if away <= 45.0 => Self::Near,
            away if away >= 165.0 => Self::Opposite,
            _ => Self::Turned,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Near => "near",
            Self::Turned => "turned",
            Self::Opposite => "opposite",
        }
    }

    fn reach(self) -> Reach {
        match self {
            Self::Same => Reach::Near,
            Self::Near => Reach::Beside,
            Self::Turned | Self::Opposite => Reach::Height,
        }
    }
}

/// Compares with the committed weights. The same figures give the same report, to the byte.
pub fn compare(reference: &Figure, candidate: &Figure, relation: Relation) -> Report {
    compare_with(Weights::committed(), reference, candidate, relation)
}

/// Compares with other weights: for calibration.
pub fn compare_with(weights: &Weights, reference: &Figure, candidate: &Figure, relation: Relation) -> Report {
    if let Some(report) = surroundings::report(reference, candidate) {
        return report;
    }
    let mut strains = colours_and_identity(reference, candidate);
    let posed = relation == Relation::Same && is_posed(weights, reference, candidate, &strains);
    let relation = if posed { Relation::Turned } else { relation };
    let mut judge = |check: Aspect| {
        if posed && matches!(check, Aspect::Proportion | Aspect::Features) {
            return Verdict::not_judged("the pose differs: outline and details cannot be laid over each other");
        }
        if check == Aspect::Features && relation != Relation::Same {
            return Verdict::not_judged("face and details cannot be laid over a view from another side");
        }
        let Some((relation, model)) = check.model(weights, relation) else {
            return Verdict::not_judged("no model was calibrated for this");
        };
        let details = check.measures(reference, candidate, relation);
        let score = model.score(&details);
        strains.insert(check.word().to_owned(), model.strain(&details));
        Verdict::of(score, details, || check.issue(reference, candidate, relation, score))
    };
    let checks = [Aspect::Color, Aspect::Proportion, Aspect::Features, Aspect::Style].map(&mut judge);
    let whole = weights.overall.get(relation.word()).map(|model| model.score(&strains));
    Report::of(checks, whole, || {
        let worst = Aspect::worst(&strains);
        (worst.word(), worst.issue(reference, candidate, relation, whole.unwrap_or_default()))
    })
}

/// The single measures by check, named as in [`Weights::checks`]: what calibration fits.
pub fn measures(reference: &Figure, candidate: &Figure, relation: Relation) -> BTreeMap<String, BTreeMap<String, f64>> {
    let judged = |check: &&Aspect| relation == Relation::Same || **check != Aspect::Features;
    let all = [Aspect::Color, Aspect::Proportion, Aspect::Features, Aspect::Style];
    let measures = |check: &Aspect| (check.key(relation), check.measures(reference, candidate, relation));
    let mut all: BTreeMap<String, BTreeMap<String, f64>> = all.iter().filter(judged).map(measures).collect();
    all.insert("hues".to_owned(), colours_and_identity(reference, candidate));
    all
}

/// Whether the two have the same colours in an outline that no other proportions explain. Upside down is no pose.
pub(super) fn is_posed(weights: &Weights, a: &Figure, b: &Figure, strains: &BTreeMap<String, f64>) -> bool {
    weights.pose.is_some_and(|pose| {
        strains.get("hues").is_some_and(|hues| *hues <= pose.hues)
            && Aspect::Proportion.badness(weights, a, b, Relation::Same) >= pose.strain
            && !hues::is_upside_down(&a.cells, &b.cells)
    })
}

/// What is not told by any one check: colours wherever they are and, where both were seen by the network, who it is.
fn colours_and_identity(reference: &Figure, candidate: &Figure) -> BTreeMap<String, f64> {
    let mut measures = hues::measures(&reference.cells, &candidate.cells);
    measures.extend(identity::measures(reference, candidate).unwrap_or_default());
    measures
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    Color,
    Proportion,
    Features,
    Style,
}

impl Aspect {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Proportion => "proportion",
            Self::Features => "features",
            Self::Style => "style",
        }
    }

    fn key(self, relation: Relation) -> String {
        format!("{}.{}", self.word(), relation.word())
    }

    /// A pair for whose relation none was calibrated is judged as one of views farther apart.
    fn model(self, weights: &Weights, relation: Relation) -> Option<(Relation, &Model)> {
        let of = |relation: Relation| Some((relation, weights.checks.get(&self.key(relation))?));
        match relation {
            Relation::Near => of(relation).or_else(|| of(Relation::Turned)),
            Relation::Same | Relation::Turned | Relation::Opposite => of(relation),
        }
    }

    fn measures(self, a: &Figure, b: &Figure, relation: Relation) -> BTreeMap<String, f64> {
        match self {
            Self::Color => color::difference(a, b, relation.reach()).measures,
            Self::Proportion => match relation {
                Relation::Same | Relation::Near => proportion::shape(a, &b.outline, &b.landmarks),
                Relation::Turned => proportion::heights(a, b),
                Relation::Opposite => proportion::shape(a, &b.outline.mirrored(), &b.landmarks),
            },
            Self::Features => features::difference(a, b).measures,
            Self::Style => style::measures(a, b),
        }
    }

    /// By the pair's model, in its unit.
    pub(super) fn badness(self, weights: &Weights, a: &Figure, b: &Figure, relation: Relation) -> f64 {
        self.model(weights, relation).map_or(0.0, |(relation, model)| model.strain(&self.measures(a, b, relation)))
    }

    /// The check that speaks most against two figures whose checks all pass.
    pub(super) fn worst(strains: &BTreeMap<String, f64>) -> Self {
        let strain = |check: &Self| strains.get(check.word()).copied().unwrap_or(0.0);
        let all = [Self::Color, Self::Proportion, Self::Features, Self::Style];
        all.into_iter().fold(Self::Color, |worst, next| if strain(&next) > strain(&worst) { next } else { worst })
    }

    /// What differs most.
    pub(super) fn issue(self, a: &Figure, b: &Figure, relation: Relation, score: f64) -> Option<Issue> {
        match self {
            Self::Color => color::issue(a, b, &color::difference(a, b, relation.reach()), score),
            Self::Proportion => Some(proportion::issue(a, b, relation == Relation::Same, score)),
            Self::Features => Some(features::issue(b, &features::difference(a, b), score)),
            Self::Style => Some(style::issue(a, b, score)),
        }
    }
}
