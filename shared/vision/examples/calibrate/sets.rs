//! Sets of views of one character, right ones and ones with something wrong.

use std::collections::BTreeMap;

use likeness_figures::{Defects, Look, Style};
use likeness_vision::consistency::{Figure, ViewMeasures, Weights, set_measures};

use crate::cast::{Character, Check, STYLES};
use crate::chance::Chance;
use crate::damage::{picture, reference, regenerated, seen};
use crate::samples::of_each;

pub(crate) const TWELVE: [u16; 12] = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330];
pub(crate) const EIGHT: [u16; 8] = [0, 45, 90, 135, 180, 225, 270, 315];
pub(crate) const FOUR: [u16; 4] = [0, 90, 180, 270];
const FIVE: [u16; 5] = [0, 60, 150, 210, 300];

/// What is wrong with one view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// The hue of all clothes.
    Hue(f64),
    Style(Style),
    Legs(f64),
    Girth(f64),
    Head(f64),
    /// The mirrored front in place of the back.
    MirroredBack,
    /// Seen from this angle in place of the claimed one.
    From(u16),
}

impl Fault {
    /// The check that has to notice; `None` is the orientation.
    pub(crate) fn check(self) -> Option<Check> {
        match self {
            Self::Hue(_) => Some(Check::Color),
            Self::Style(_) => Some(Check::Style),
            Self::Legs(_) | Self::Girth(_) | Self::Head(_) => Some(Check::Proportion),
            Self::MirroredBack | Self::From(_) => None,
        }
    }

    fn side(self, claimed: u16) -> u16 {
        match self {
            Self::From(angle) => angle % 360,
            Self::MirroredBack => (540 - claimed) % 360,
            Self::Hue(_) | Self::Style(_) | Self::Legs(_) | Self::Girth(_) | Self::Head(_) => claimed,
        }
    }
}

/// The angles of a set, and which of them are bad.
pub(crate) struct Plan {
    pub(crate) angles: Vec<u16>,
    pub(crate) faults: Vec<(u16, Fault)>,
}

/// Draws the views of one character, right ones only once.
pub(crate) struct Studio<'a> {
    pub(crate) character: &'a Character,
    pub(crate) master: Figure,
    right: BTreeMap<(u16, usize), Option<Figure>>,
}

impl<'a> Studio<'a> {
    /// `None` where the front has no figure.
    pub(crate) fn of(character: &'a Character) -> Option<Self> {
        let master = Figure::of(&picture(reference(&character.look, character.style, 0))).ok()?;
        Some(Self { character, master, right: BTreeMap::new() })
    }

    /// The views with their faults. Those in which no figure is found are left out, and so are faults that cannot be
    /// seen from there, with the view. `take` chooses among several drawings of the right views.
    pub(crate) fn set(&mut self, plan: &Plan, take: usize) -> Vec<(u16, Figure, Option<Fault>)> {
        let mut views = Vec::new();
        for &angle in &plan.angles {
            let fault = plan.faults.iter().find(|(bad, _)| *bad == angle).map(|(_, fault)| *fault);
            let figure = match fault {
                Some(fault) => self.spoilt(angle, fault),
                None => {
                    let character = self.character;
                    let drawn = || draw(character, &character.look, angle, &Defects::default(), &take.to_string());
                    self.right.entry((angle, take)).or_insert_with(drawn).clone()
                }
            };
            views.extend(figure.map(|figure| (angle, figure, fault)));
        }
        views
    }

    fn spoilt(&self, angle: u16, fault: Fault) -> Option<Figure> {
        let mut look = self.character.look.clone();
        let mut defects = Defects::default();
        match fault {
            Fault::Hue(degrees) => defects.hue_shift_degrees = degrees,
            Fault::Style(style) => defects.style = Some(style),
            Fault::Legs(factor) => defects.leg_scale = factor,
            Fault::Girth(factor) => look.build.girth *= factor,
            Fault::Head(factor) => look.build.heads /= factor,
            Fault::MirroredBack => defects.mirrored_back = true,
            Fault::From(_) => {}
        }
        let from = if let Fault::From(from) = fault { from % 360 } else { angle };
        let visible = from != angle || seen(&self.character.look, &look, self.character.style, angle, &defects);
        visible.then(|| draw(self.character, &look, from, &defects, &format!("{fault:?}"))).flatten()
    }
}

fn draw(character: &Character, look: &Look, angle: u16, defects: &Defects, take: &str) -> Option<Figure> {
    let mut chance = Chance::of(&format!("{} set {angle} {take}", character.number));
    Figure::of(&picture(regenerated(look, character.style, angle, None, defects, &mut chance))).ok()
}

pub(crate) fn other_style(style: Style, by: usize) -> Style {
    let at = STYLES.iter().position(|known| *known == style).unwrap_or(0);
    STYLES[(at + 1 + by % (STYLES.len() - 1)) % STYLES.len()]
}

/// One view of a set for fitting.
pub(crate) struct View {
    pub(crate) fault: Option<Fault>,
    /// The angle from which it is really seen.
    pub(crate) side: u16,
    pub(crate) claimed: u16,
    /// All others are what they claim to be.
    pub(crate) others_right: bool,
    /// All views of the set are bad in the same way.
    pub(crate) drifted: bool,
    pub(crate) measures: ViewMeasures,
}

/// Views of the sets of the characters that are not for testing.
pub(crate) fn views(cast: &[Character], weights: &Weights) -> Vec<View> {
    measured_sets(cast, weights).into_iter().flat_map(|(_, views)| views).collect()
}

/// Sets of the characters that are not for testing, with the number of each.
pub(crate) fn measured_sets(cast: &[Character], weights: &Weights) -> Vec<(usize, Vec<View>)> {
    let fitted: Vec<&Character> = cast.iter().filter(|character| !character.test).collect();
    let of = |number: usize| {
        let Some(mut studio) = Studio::of(fitted[number]) else { return Vec::new() };
        let set = |(at, plan): (usize, &Plan)| (fitted[number].number, measured(&mut studio, plan, at % 2, weights));
        plans(fitted[number]).iter().enumerate().map(set).collect()
    };
    of_each(fitted.len(), of).into_iter().flatten().collect()
}

fn measured(studio: &mut Studio<'_>, plan: &Plan, take: usize, weights: &Weights) -> Vec<View> {
    let set = studio.set(plan, take);
    let figures: Vec<(u16, Figure)> = set.iter().map(|(angle, figure, _)| (*angle, figure.clone())).collect();
    let turned: Vec<bool> =
        set.iter().map(|(_, _, fault)| fault.is_some_and(|fault| fault.check().is_none())).collect();
    let measures = set_measures(weights, &studio.master, &figures);
    let view = |(at, measures): (usize, ViewMeasures)| {
        let (claimed, _, fault) = set[at];
        let others_right = turned.iter().enumerate().all(|(other, turned)| other == at || !turned);
        let drifted = plan.faults.len() == plan.angles.len();
        let side = fault.map_or(claimed, |fault| fault.side(claimed));
        View { fault, side, claimed, others_right, drifted, measures }
    };
    measures.into_iter().enumerate().map(view).collect()
}

/// Right sets, sets with one to three bad views, small ones, and ones that are bad as a whole.
fn plans(character: &Character) -> Vec<Plan> {
    let mut chance = Chance::of(&format!("{} plans", character.number));
    let right = |angles: &[u16]| Plan { angles: angles.to_vec(), faults: Vec::new() };
    let mut plans = vec![right(&TWELVE), right(&TWELVE), right(&EIGHT), right(&FOUR)];
    for round in 0..9 {
        let angles: &[u16] = match round {
            0..7 => &TWELVE,
            7 => &EIGHT,
            _ => &FOUR,
        };
        let count = if angles.len() == 12 { 1 + round % 3 } else { 1 };
        let mut faults: Vec<(u16, Fault)> = Vec::new();
        while faults.len() < count {
            let beside = faults.last().map(|(angle, _)| (angle + 30) % 360).filter(|_| chance.share() < 0.4);
            let angle = beside.unwrap_or_else(|| chance.pick(angles));
            if faults.iter().all(|(bad, _)| *bad != angle) {
                faults.push((angle, fault(character, angle, round, &mut chance)));
            }
        }
        plans.push(Plan { angles: angles.to_vec(), faults });
    }
    let style = other_style(character.style, character.number / 6);
    for fault in [Fault::Hue(60.0), Fault::Style(style), Fault::Legs(1.15)] {
        plans.push(Plan { angles: FIVE.to_vec(), faults: FIVE.map(|angle| (angle, fault)).to_vec() });
    }
    plans
}

fn fault(character: &Character, angle: u16, round: usize, chance: &mut Chance) -> Fault {
    let behind = (120..=240).contains(&angle);
    match (chance.share() * 10.0) as usize {
        0..3 => Fault::Hue(chance.pick(&[-90.0, -60.0, -40.0, 40.0, 60.0, 90.0])),
        3..6 => Fault::Style(other_style(character.style, round + character.number / 6)),
        6..8 => chance.pick(&[
            Fault::Legs(0.85),
            Fault::Legs(1.15),
            Fault::Girth(0.8),
            Fault::Girth(1.2),
            Fault::Head(1.25),
        ]),
        _ if behind => Fault::MirroredBack,
        _ => Fault::From((angle + chance.pick(&[60, 90, 120, 240, 270, 300])) % 360),
    }
}
