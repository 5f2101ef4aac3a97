//! What is measured at a place: how alike the figure there is to a reference.

use std::collections::BTreeMap;

use super::difference::{by_part, colours, differences};
use super::ground::Ground;
use super::place::{Place, overlap};
use super::search::{FAR, Field, search};
use super::settle::{Patch, difference, settle};
use super::template::Template;
use crate::consistency::{Evidence, Figure};
use crate::oklab::Lab;
use crate::picture::Picture;

/// Cells farther than this have another colour.
const OTHER: f32 = 0.05;
/// Most places of one reference that are measured.
const MOST: usize = 8;

/// One reference at one place.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The figure's box.
    pub place: Evidence,
    /// By name; 0 is no difference.
    pub measures: BTreeMap<String, f64>,
    /// The mean difference of head, upper body and legs.
    pub parts: [f64; 3],
    /// What colour each part should have and has.
    pub(super) colours: [Option<(Lab, Lab)>; 3],
    pub(super) at: Place,
}

/// The places where a figure may be, the best first: what calibration fits.
pub fn candidates(scene: &Picture, figure: &Figure) -> Vec<Seen> {
    match Ground::of(scene) {
        Ok(ground) => seen(&ground, &Field::all(&ground), &Template::of(figure)),
        Err(_) => Vec::new(),
    }
}

pub(super) fn seen(ground: &Ground, fields: &[Field], template: &Template) -> Vec<Seen> {
    let starts = search(fields, ground, template);
    let mut settled: Vec<(f32, Place)> = starts.into_iter().map(|place| settle(ground, template, place)).collect();
    settled.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Vec<Seen> = Vec::new();
    for (_, place) in settled {
        let boxed = place.on(template, ground);
        if best.len() < MOST && best.iter().all(|other| overlap(&other.place, &boxed) < 0.5) {
            best.extend(measured(ground, template, place));
        }
    }
    best
}

/// The reference settled near another's place.
pub(super) fn near(ground: &Ground, template: &Template, place: Place) -> Option<Seen> {
    measured(ground, template, settle(ground, template, place).1)
}

fn measured(ground: &Ground, template: &Template, place: Place) -> Option<Seen> {
    let grid = &template.fine;
    let patch = Patch::of(ground, grid, place)?;
    let all = differences(&patch, grid);
    let parts = by_part(&all);
    let mut measures = BTreeMap::new();
    for (name, mut distances) in [
        ("gone", all.iter().map(|one| one.gone).collect::<Vec<f32>>()),
        ("new", all.iter().map(|one| one.new).collect::<Vec<f32>>()),
    ] {
        distances.sort_by(f32::total_cmp);
        let count = distances.len().max(1) as f64;
        let other = distances.iter().filter(|&&far| far > OTHER).count() as f64;
        let much = distances.get(distances.len() * 85 / 100).copied().unwrap_or_default();
        measures.insert(format!("{name}Mean"), distances.iter().map(|&far| f64::from(far)).sum::<f64>() / count);
        measures.insert(format!("{name}Much"), f64::from(much));
        measures.insert(format!("{name}Other"), other / count);
    }
    measures.insert("worstPart".to_owned(), parts.iter().copied().fold(0.0, f64::max));
    measures.insert("head".to_owned(), parts[0]);
    measures.insert("hidden".to_owned(), 1.0 - f64::from(patch.around(grid) / FAR));
    measures.insert("light".to_owned(), f64::from(difference(patch.light, [0.0; 3])));
    let colours = [0, 1, 2].map(|part| colours(&all, part));
    Some(Seen { place: place.on(template, ground), measures, parts, colours, at: place })
}
