//! The master and the views of a set, each looked at with each other, once.

use super::cells::{Cells, Reach};
use super::compare::{Aspect, Relation};
use super::figure::Figure;
use super::proportion;
use super::surface::{self, Surface};
use super::weights::Weights;
use super::{hues, identity};

/// One of the set; the master is the first, at 0 degrees.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) angle: u16,
    pub(super) figure: &'a Figure,
}

/// What a pair of members says, of the one that is asked about against the other.
pub(super) struct Sight {
    /// For each cell, how far its colour is from what the other has at that height.
    pub(super) strange: Vec<f32>,
    /// How much is bad by the pair's model; 1 is its threshold.
    pub(super) color: f64,
    pub(super) proportion: f64,
    pub(super) style: f64,
    /// How unlike the colours are on the whole, wherever they are.
    pub(super) hues: f64,
    pub(super) hues_by_height: f64,
    /// Who it is, by the network; `None` where one of the two was measured without it.
    pub(super) stranger: Option<f64>,
    /// How its rows must be moved to lie on the other's.
    pub(super) moved: Vec<f32>,
}

/// How unlike two members are if laid over each other as they are, and with one of them mirrored.
#[derive(Clone, Copy, Default)]
pub(super) struct Overlay {
    pub(super) cells: [f64; 2],
    pub(super) head: [f64; 2],
    pub(super) face: [f64; 2],
}

pub(super) struct Company<'a> {
    pub(super) members: Vec<Member<'a>>,
    /// By who is asked about, then by the other; `None` of a member with itself.
    pub(super) sights: Vec<Vec<Option<Sight>>>,
    pub(super) overlays: Vec<Vec<Overlay>>,
}

/// Rows of the head, whatever is worn on it, as a share.
const HEAD: f64 = 0.27;

impl<'a> Company<'a> {
    pub(super) fn of(weights: &Weights, master: &'a Figure, views: &'a [(u16, Figure)]) -> Self {
        let first = Member { angle: 0, figure: master };
        let others = views.iter().map(|(angle, figure)| Member { angle: angle % 360, figure });
        let members: Vec<Member<'a>> = std::iter::once(first).chain(others).collect();
        let sight = |at: usize, other: usize| (at != other).then(|| Sight::of(weights, members[other], members[at]));
        let sights = (0..members.len()).map(|at| (0..members.len()).map(|other| sight(at, other)).collect()).collect();
        let mirrored: Vec<(Cells, Surface)> =
            members.iter().map(|m| (m.figure.cells.mirrored(), m.figure.surface.mirrored())).collect();
        let mut overlays = vec![vec![Overlay::default(); members.len()]; members.len()];
        for at in 0..members.len() {
            for other in 0..at {
                let overlay = overlay(members[at].figure, members[other].figure, &mirrored[at]);
                overlays[at][other] = overlay;
                overlays[other][at] = overlay;
            }
        }
        Self { members, sights, overlays }
    }

    /// What all others say of a member.
    pub(super) fn sights_of(&self, at: usize) -> impl Iterator<Item = (usize, &Sight)> {
        self.sights[at].iter().enumerate().filter_map(|(other, sight)| sight.as_ref().map(|sight| (other, sight)))
    }
}

/// Degrees between two angles, 0-180.
pub(super) fn apart(a: u16, b: u16) -> u16 {
    let turned = (i32::from(a) - i32::from(b)).rem_euclid(360);
    turned.min(360 - turned) as u16
}

impl Sight {
    fn of(weights: &Weights, reference: Member<'_>, candidate: Member<'_>) -> Self {
        let relation = Relation::of(f64::from(apart(reference.angle, candidate.angle)));
        let (a, b) = (reference.figure, candidate.figure);
        let bad = |check: Aspect| check.badness(weights, a, b, relation);
        let lighter = b.cells.lighter_than(&a.cells);
        let hues = hues::measures(&a.cells, &b.cells);
        Self {
            strange: b.cells.distances(&a.cells, Reach::Height, lighter),
            color: bad(Aspect::Color),
            proportion: bad(Aspect::Proportion),
            style: bad(Aspect::Style),
            hues: hues["hues"],
            hues_by_height: hues["huesByHeight"],
            stranger: identity::measures(a, b).and_then(|measures| measures.get("stranger").copied()),
            moved: proportion::warp(&a.outline, &b.outline, 0.0).moved,
        }
    }
}

fn overlay(a: &Figure, b: &Figure, mirrored: &(Cells, Surface)) -> Overlay {
    let rows = (HEAD * surface::DOWN as f64) as usize;
    let cells = |cells: &Cells| {
        let lighter = cells.lighter_than(&b.cells);
        let ways = [cells.distances(&b.cells, Reach::Near, lighter), b.cells.distances(cells, Reach::Near, -lighter)];
        let mean = |part: f64| {
            let of = |(distances, own): (&Vec<f32>, &Cells)| {
                let end = (part * distances.len() as f64) as usize;
                let count = own.0[..end].iter().flatten().count();
                distances[..end].iter().map(|&d| f64::from(d)).sum::<f64>() / count.max(1) as f64
            };
            of((&ways[0], cells)) + of((&ways[1], &b.cells))
        };
        [mean(1.0), mean(HEAD)]
    };
    let face = |surface: &Surface| {
        surface.unlike_on_the_whole(&b.surface, rows) + b.surface.unlike_on_the_whole(surface, rows)
    };
    let (plain, turned) = (cells(&a.cells), cells(&mirrored.0));
    Overlay { cells: [plain[0], turned[0]], head: [plain[1], turned[1]], face: [face(&a.surface), face(&mirrored.1)] }
}
