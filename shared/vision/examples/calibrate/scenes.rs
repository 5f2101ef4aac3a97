//! Scenes with known truth: who is in them, where, and what is wrong; fitting on one half of the cast, figures of the
//! other.

mod draw;
mod fit;
mod table;

use std::path::Path;
use std::process::ExitCode;

use likeness_vision::Picture;
use likeness_vision::consistency::{Evidence, Figure};
use likeness_vision::scene::SceneWeights;

use crate::cast::{Character, characters};
use crate::chance::Chance;
use crate::damage::{picture, reference};
use crate::table::no_worse;
use crate::write;

/// What is wrong with a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    Nothing,
    /// One is not there.
    Missing,
    /// Two stand at each other's places.
    Swapped,
    /// One wears the clothes, or the head, of another.
    Blended,
    /// One is there twice.
    Duplicate,
    /// Clothes of another hue.
    Recoloured,
}

const KINDS: [(Wrong, usize); 6] = [
    (Wrong::Nothing, 120),
    (Wrong::Missing, 70),
    (Wrong::Swapped, 60),
    (Wrong::Blended, 60),
    (Wrong::Duplicate, 50),
    (Wrong::Recoloured, 60),
];

/// A scene, what was asked for, and what is there.
pub(crate) struct Labelled {
    pub(crate) test: bool,
    pub(crate) wrong: Wrong,
    pub(crate) name: String,
    pub(crate) scene: Picture,
    /// Numbers in the cast.
    pub(crate) wanted: Vec<usize>,
    pub(crate) asked: Vec<Option<[f64; 2]>>,
    /// Whose box it is among those wanted, and which; nobody's where something is wrong with the figure.
    pub(crate) truth: Vec<(usize, Evidence)>,
    /// The slots that are wrong.
    pub(crate) spoilt: Vec<usize>,
}

/// The cast with the pictures by which they are known.
pub(crate) struct Cast {
    pub(crate) characters: Vec<Character>,
    pub(crate) figures: Vec<Option<Figure>>,
}

/// Fits and writes `data/scene.json` and prints the figures of the test half; or compares those of a third of it with the
/// committed ones, which are of that third.
pub(crate) fn print(check: bool, data: &Path) -> ExitCode {
    let cast = cast();
    let labelled = all(&cast, check);
    eprintln!("{} scenes", labelled.len());
    let weights = if check { SceneWeights::committed().clone() } else { fit::weights(&cast, &labelled) };
    let figures = table::print(&cast, &labelled, &weights, !check);
    let (weights_file, figures_file) = (data.join("scene.json"), data.join("scenes.json"));
    if check {
        return no_worse(&figures, &figures_file);
    }
    match write(&weights_file, &weights) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write to {}: {error}", data.display());
            ExitCode::FAILURE
        }
    }
}

fn cast() -> Cast {
    let characters = characters(crate::cast::Cast::Both);
    // A line drawing's scene would be a line drawing: here they are drawn in soft light, as the emulator's scenes are.
    let style = |character: &Character| match character.style {
        likeness_figures::Style::Line => likeness_figures::Style::Soft,
        style => style,
    };
    let figures = characters
        .iter()
        .map(|character| Figure::of(&picture(reference(&character.look, style(character), 0))).ok())
        .collect();
    Cast { characters, figures }
}

/// Of each kind of scene, one of so many is drawn for a check.
const CHECKED: usize = 3;

/// Scenes of those for fitting and of the others, or a part of those of the others.
fn all(cast: &Cast, check: bool) -> Vec<Labelled> {
    let mut jobs: Vec<(bool, Wrong, usize)> = Vec::new();
    for test in [false, true].into_iter().filter(|test| *test || !check) {
        for (wrong, count) in KINDS {
            let count = if check { count / CHECKED } else { count };
            jobs.extend((0..count).map(|number| (test, wrong, number)));
        }
    }
    let mut all = in_two(&jobs, |&(test, wrong, number)| draw::labelled(cast, test, wrong, number));
    all.retain(|one| one.wrong != Wrong::Blended || !one.spoilt.is_empty());
    all
}

/// Two at a time, in order.
pub(crate) fn in_two<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let halves = std::thread::scope(|scope| {
        let part = |from: usize| {
            let work = &work;
            scope.spawn(move || items.iter().skip(from).step_by(2).map(work).collect::<Vec<R>>())
        };
        [part(0), part(1)].map(|thread| thread.join().expect("scenes do not panic"))
    });
    let [even, mut odd] = halves.map(Vec::into_iter);
    even.flat_map(|next| [Some(next), odd.next()]).flatten().collect()
}

impl Cast {
    pub(crate) fn figure(&self, number: usize) -> Option<&Figure> {
        self.figures[number].as_ref()
    }

    /// Those of one half that have a figure, in an order of this scene's own.
    fn pick(&self, test: bool, count: usize, chance: &mut Chance) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.characters.len())
            .filter(|&number| self.characters[number].test == test && self.figures[number].is_some())
            .collect();
        (0..count).map(|_| left.remove((chance.share() * left.len() as f64) as usize)).collect()
    }
}

pub(crate) fn overlap(a: &Evidence, b: &Evidence) -> f64 {
    let shared = |a: f64, a_long: f64, b: f64, b_long: f64| ((a + a_long).min(b + b_long) - a.max(b)).max(0.0);
    let both = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    both / (a.width * a.height + b.width * b.height - both).max(1e-12)
}
