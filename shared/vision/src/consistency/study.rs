//! What calibration has to see of a set: the single measures, before any model of sets.

use std::collections::BTreeMap;

use super::company::Company;
use super::figure::{Backdrop, Figure, NoFigure};
use super::outlier;
use super::segment::Segment;
use super::turn::{self, Sides};
use super::weights::{Orientation, Weights};
use crate::embedding::Embedder;
use crate::picture::Picture;

/// What of a picture is the figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Of the shrunk picture, in pixels.
    pub width: usize,
    /// Of the shrunk picture, in pixels.
    pub height: usize,
    /// Row by row.
    pub inside: Vec<bool>,
    /// What it stands before.
    pub backdrop: Backdrop,
}

/// The figure alone, without measuring it.
///
/// # Errors
/// As [`Figure::seen`].
pub fn mask(picture: &Picture, embedder: Option<&Embedder>) -> Result<Mask, NoFigure> {
    let Segment { width, height, inside, backdrop, .. } = Segment::of(picture, embedder)?;
    Ok(Mask { width, height, inside, backdrop })
}

/// One view as calibration sees it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ViewMeasures {
    /// By check; empty without company.
    pub checks: BTreeMap<String, BTreeMap<String, f64>>,
    /// What is known of its side.
    pub sides: Sides,
}

/// What the models of [`Weights::sets`] and [`Weights::orientation`] are fitted to; the models of pairs have to be
/// there.
pub fn set_measures(weights: &Weights, master: &Figure, views: &[(u16, Figure)]) -> Vec<ViewMeasures> {
    let company = Company::of(weights, master, views);
    let checks = outlier::measures(&company);
    checks.into_iter().zip(turn::sides(&company)).map(|(checks, sides)| ViewMeasures { checks, sides }).collect()
}

/// The single measures of orientation against the master alone.
pub fn orientation_measures(master: &Figure, candidate: &Figure) -> Sides {
    turn::against(master, candidate)
}

/// By how much another side is likelier than the claimed one: what the threshold of a `Ballot` is for.
pub fn doubt(orientation: &Orientation, sides: &Sides, claimed: u16) -> f64 {
    turn::side(orientation, sides, claimed).doubt
}

/// By how much the mirrored side is likelier than the claimed one: what `Ballot::mirrored` is for. Negative infinity of
/// front and back.
pub fn mirrored_doubt(orientation: &Orientation, sides: &Sides, claimed: u16) -> f64 {
    turn::side(orientation, sides, claimed).mirrored
}
