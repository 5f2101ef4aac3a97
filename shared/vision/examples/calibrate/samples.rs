//! The labelled set: pairs with what is wrong with them, and figures with the side from which they are seen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use likeness_figures::{Defects, Look, Style};
use likeness_vision::Picture;
use likeness_vision::consistency::{Figure, Relation, Sides, measures, orientation_measures};

use crate::cast::{Character, Check, DEFECTS};
use crate::chance::Chance;
use crate::damage::{Benign, cast, picture, reference, regenerated, seen};

pub(crate) type Measures = BTreeMap<String, BTreeMap<String, f64>>;

/// Two pictures compared.
pub(crate) struct Pair {
    pub(crate) test: bool,
    pub(crate) name: &'static str,
    /// `None`: nothing is wrong.
    pub(crate) wrong: Option<Check>,
    pub(crate) measures: Measures,
    /// For looking up what went wrong.
    pub(crate) character: usize,
    pub(crate) angle: u16,
}

/// One picture seen from a side, against the character's front.
pub(crate) struct SideSample {
    pub(crate) test: bool,
    /// The true angle, or the claimed one of a mirrored back.
    pub(crate) angle: u16,
    pub(crate) mirrored_back: bool,
    pub(crate) measures: Sides,
}

#[derive(Default)]
pub(crate) struct Samples {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) sides: Vec<SideSample>,
    /// Pictures in which no figure was found.
    pub(crate) lost: usize,
    pub(crate) lost_names: Vec<String>,
}

pub(crate) fn all(cast: &[&Character]) -> Samples {
    let mut all = Samples::default();
    for one in of_each(cast.len(), |number| of_character(cast, number)) {
        all.pairs.extend(one.pairs);
        all.sides.extend(one.sides);
        all.lost += one.lost;
        all.lost_names.extend(one.lost_names);
    }
    all
}

/// Two at a time; in the same order whichever is done first.
pub(crate) fn of_each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let take = move || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|&at| at < count);
        numbers.map(|number| (number, work(number))).collect::<Vec<(usize, T)>>()
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads = [scope.spawn(take), scope.spawn(take)];
        threads.into_iter().flat_map(|thread| thread.join().expect("drawing does not panic")).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, made)| made).collect()
}

struct Maker<'a> {
    character: &'a Character,
    references: BTreeMap<u16, Figure>,
    samples: Samples,
}

fn of_character(cast: &[&Character], number: usize) -> Samples {
    let character = cast[number];
    let angles = (0..12).map(|step| step * 30);
    let references = angles
        .filter_map(|angle| {
            let found = Figure::of(&picture(reference(&character.look, character.style, angle)));
            found.ok().map(|figure| (angle, figure))
        })
        .collect();
    let mut maker = Maker { character, references, samples: Samples::default() };
    maker.benign();
    maker.defects();
    maker.strangers(cast);
    maker.sides();
    maker.samples
}

impl Maker<'_> {
    fn benign(&mut self) {
        let Character { number, look, style, .. } = self.character;
        for (index, kind) in Benign::ALL.into_iter().enumerate() {
            for round in 0..5_u16 {
                let angle = (index as u16 * 30 + round * 90 + *number as u16 * 30 + round / 4 * 30) % 360;
                let mut chance = Chance::of(&format!("{number} {} {angle} {round}", kind.name()));
                let found = Figure::of(&kind.picture(look, *style, angle, &mut chance));
                self.compare(kind.name(), None, angle, found.ok().as_ref());
            }
        }
    }

    fn defects(&mut self) {
        let Character { number, look, style, .. } = self.character;
        for (index, defect) in DEFECTS.iter().enumerate() {
            let angles = defect.views.angles();
            for round in 0..2 {
                let angle = angles[(index * 5 + number * 7 + round * (angles.len() / 2 + 1)) % angles.len()];
                let mut chance = Chance::of(&format!("{number} {} {angle} {round}", defect.name));
                let mut spoilt = look.clone();
                let mut defects = Defects { style: Some(*style), ..Defects::default() };
                (defect.spoil)(&mut spoilt, &mut defects, &mut chance);
                if !seen(look, &spoilt, *style, angle, &defects) {
                    continue;
                }
                let image = regenerated(&spoilt, *style, angle, None, &defects, &mut chance);
                let found = Figure::of(&picture(image));
                self.compare(defect.name, Some(defect.check), angle, found.ok().as_ref());
            }
        }
        for round in 0..2 {
            let angle = ((number * 5 + round * 7) % 12 * 30) as u16;
            let mut chance = Chance::of(&format!("{number} cast {round}"));
            if *style == Style::Line {
                continue;
            }
            let image = regenerated(look, *style, angle, None, &Defects::default(), &mut chance);
            let found = Figure::of(&picture(cast(image, &mut chance)));
            self.compare("colour cast", Some(Check::Color), angle, found.ok().as_ref());
        }
    }

    /// Other characters of the same half in the same style.
    fn strangers(&mut self, cast: &[&Character]) {
        let Character { number, style, test, .. } = self.character;
        let others: Vec<&Look> = cast
            .iter()
            .filter(|other| other.test == *test && other.number != *number)
            .map(|other| &other.look)
            .collect();
        for round in 0..6 {
            let angle = ((number + round * 5) % 12 * 30) as u16;
            let mut chance = Chance::of(&format!("{number} stranger {round}"));
            let look = chance.pick(&others);
            let image = regenerated(look, *style, angle, None, &Defects::default(), &mut chance);
            let found = Figure::of(&picture(image));
            self.compare("another character", Some(Check::Everything), angle, found.ok().as_ref());
        }
    }

    fn sides(&mut self) {
        let Character { number, look, style, .. } = self.character;
        for angle in (0..12).map(|step| step * 30) {
            let mut chance = Chance::of(&format!("{number} side {angle}"));
            let image = regenerated(look, *style, angle, None, &Defects::default(), &mut chance);
            self.side(angle, false, &picture(image));
        }
        for angle in [120, 150, 180, 210, 240] {
            let mut chance = Chance::of(&format!("{number} mirrored {angle}"));
            let defects = Defects { mirrored_back: true, ..Defects::default() };
            let image = regenerated(look, *style, angle, None, &defects, &mut chance);
            self.side(angle, true, &picture(image));
        }
    }

    fn side(&mut self, angle: u16, mirrored_back: bool, picture: &Picture) {
        let Character { test, .. } = self.character;
        match (self.references.get(&0), Figure::of(picture)) {
            (Some(master), Ok(figure)) => {
                let measures = orientation_measures(master, &figure);
                self.samples.sides.push(SideSample { test: *test, angle, mirrored_back, measures });
            }
            (_, Err(_)) | (None, Ok(_)) => self.samples.lost += 1,
        }
    }

    /// Against the reference from the same side, and against two other sides.
    fn compare(&mut self, name: &'static str, wrong: Option<Check>, angle: u16, candidate: Option<&Figure>) {
        let Some(candidate) = candidate else {
            self.samples.lost += 1;
            self.samples.lost_names.push(format!("{} {name} {angle}", self.character.number));
            return;
        };
        for turn in [0, 180, 30, 90] {
            let from = (angle + 360 - turn) % 360;
            let Some(reference) = self.references.get(&from) else { continue };
            let relation = Relation::of(f64::from(turn));
            let measures = measures(reference, candidate, relation);
            let (test, character) = (self.character.test, self.character.number);
            self.samples.pairs.push(Pair { test, name, wrong, measures, character, angle });
        }
    }
}
