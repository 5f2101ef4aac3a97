//! What is measured at a place: how alike the figure there is to a reference.

use std::collections::BTreeMap;

use super::ground::Ground;
use super::place::{Place, overlap};
use super::search::{FAR, Field, search};
use super::settle::{Patch, settle};
use super::template::{FINE, Template};
use crate::consistency::{Evidence, Figure};
use crate::oklab::Lab;
use crate::picture::Picture;

/// Parts of a figure, from and to shares of its height.
pub(super) const PARTS: [(&str, [f64; 2]); 3] =
    [("head", [0.0, 0.22]), ("upper body", [0.22, 0.55]), ("legs", [0.55, 1.0])];
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
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let mut parts = [(0.0_f64, 0_usize); 3];
    let mut colours = [([0.0_f32; 3], [0.0_f32; 3]); 3];
    for cell in &grid.cells {
        let Some(there) = patch.at(cell.row, cell.column) else { continue };
        let lab = patch.relit(cell.lab);
        let far = patch.nearest(cell.row, cell.column, lab).min(FAR);
        let beside = grid
            .cells
            .iter()
            .filter(|other| (other.row - cell.row).abs() <= 1 && (other.column - cell.column).abs() <= 1);
        let unknown = beside
            .map(|other| super::settle::difference(patch.relit(other.lab), there))
            .fold(FAR, f32::min);
        gone.push(far);
        new.push(unknown);
        let part = part_of(cell.row);
        parts[part] = (parts[part].0 + f64::from(far.max(unknown)), parts[part].1 + 1);
        for i in 0..3 {
            colours[part].0[i] += cell.lab[i];
            colours[part].1[i] += there[i];
        }
    }
    let means = parts.map(|(sum, count)| if count == 0 { 0.0 } else { sum / count as f64 });
    let mut measures = BTreeMap::new();
    for (name, mut distances) in [("gone", gone), ("new", new)] {
        distances.sort_by(f32::total_cmp);
        let count = distances.len().max(1) as f64;
        let other = distances.iter().filter(|&&far| far > OTHER).count() as f64;
        let much = distances.get(distances.len() * 85 / 100).copied().unwrap_or_default();
        measures.insert(format!("{name}Mean"), distances.iter().map(|&far| f64::from(far)).sum::<f64>() / count);
        measures.insert(format!("{name}Much"), f64::from(much));
        measures.insert(format!("{name}Other"), other / count);
    }
    measures.insert("worstPart".to_owned(), means.iter().copied().fold(0.0, f64::max));
    measures.insert("head".to_owned(), means[0]);
    measures.insert("hidden".to_owned(), 1.0 - f64::from(patch.around(grid) / FAR));
    measures.insert("light".to_owned(), f64::from(super::settle::difference(patch.light, [0.0; 3])));
    let lit = |part: usize| {
        let count = parts[part].1 as f32;
        let mean = |sum: Lab| sum.map(|value| value / count);
        let [l, a, b] = mean(colours[part].1);
        (count > 0.0).then(|| (mean(colours[part].0), [l / super::search::LIGHTNESS, a, b]))
    };
    Some(Seen { place: place.on(template, ground), measures, parts: means, colours: [0, 1, 2].map(lit), at: place })
}

fn part_of(row: i32) -> usize {
    let down = (f64::from(row) + 0.5) / FINE as f64;
    PARTS.iter().position(|(_, [_, to])| down < *to).unwrap_or(PARTS.len() - 1)
}
