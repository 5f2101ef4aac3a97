//! Who stands where: all references choose together, so that two alike do not take one place.

use super::measure::Seen;
use super::place::collide;
use super::weights::SceneWeights;
use crate::consistency::Evidence;

/// What a place far from the asked one costs, per share of the picture's diagonal; a place that fits fully gains 1.
const AWAY: f64 = 0.15;
/// A search that would take longer goes on with the best so far.
const MOST_STEPS: usize = 200_000;

/// For each reference the number of its place.
pub(super) fn assign(weights: &SceneWeights, seen: &[Vec<Seen>], asked: &[Option<[f64; 2]>]) -> Vec<Option<usize>> {
    let options: Vec<Vec<Choice<'_>>> = seen
        .iter()
        .zip(asked)
        .map(|(places, asked)| {
            let choices = places.iter().enumerate().filter_map(|(number, place)| {
                let absence = weights.absence(place);
                let away = asked.map_or(0.0, |asked| AWAY * distance(&place.place, asked));
                (absence < 1.0).then_some(Choice { number, gain: 1.1 - absence - away, place: &place.place })
            });
            let mut choices: Vec<Choice<'_>> = choices.collect();
            choices.sort_by(|a, b| b.gain.total_cmp(&a.gain));
            choices
        })
        .collect();
    let mut search = Search { options: &options, best: (0.0, vec![None; seen.len()]), steps: 0 };
    search.go(&mut Vec::new(), 0.0);
    search.best.1.iter().zip(&options).map(|(pick, of)| pick.map(|pick| of[pick].number)).collect()
}

struct Choice<'a> {
    number: usize,
    gain: f64,
    place: &'a Evidence,
}

struct Search<'a> {
    options: &'a [Vec<Choice<'a>>],
    best: (f64, Vec<Option<usize>>),
    steps: usize,
}

impl Search<'_> {
    fn go(&mut self, picked: &mut Vec<Option<usize>>, gain: f64) {
        let options = self.options;
        if gain > self.best.0 {
            let mut all = picked.clone();
            all.resize(options.len(), None);
            self.best = (gain, all);
        }
        self.steps += 1;
        let next = picked.len();
        let most: f64 = options[next..].iter().filter_map(|of| of.first()).map(|choice| choice.gain.max(0.0)).sum();
        if next == options.len() || gain + most <= self.best.0 || self.steps > MOST_STEPS {
            return;
        }
        for (number, choice) in options[next].iter().enumerate() {
            let taken = picked
                .iter()
                .zip(options)
                .any(|(pick, of)| pick.is_some_and(|pick| collide(of[pick].place, choice.place)));
            if !taken {
                picked.push(Some(number));
                self.go(picked, gain + choice.gain);
                picked.pop();
            }
        }
        picked.push(None);
        self.go(picked, gain);
        picked.pop();
    }
}

/// From the middle of a figure, in shares of the picture.
pub(super) fn distance(place: &Evidence, [x, y]: [f64; 2]) -> f64 {
    (place.x + place.width / 2.0 - x).hypot(0.5 * (place.y + place.height / 2.0 - y))
}

/// For each found reference, whose asked place it has taken: clearly nearer to that than to its own, and that one is
/// not there.
pub(super) fn swaps(places: &[Option<Evidence>], asked: &[Option<[f64; 2]>]) -> Vec<Option<usize>> {
    const CLEARLY: f64 = 0.6;
    const LEAST: f64 = 0.08;
    let far = |who: usize, whose: usize| Some(distance(places[who].as_ref()?, asked[whose]?));
    (0..places.len())
        .map(|own| {
            let from_own = far(own, own).filter(|far| *far > LEAST)?;
            let nearest = (0..asked.len())
                .filter(|other| *other != own)
                .filter_map(|other| Some((far(own, other)?, other)))
                .min_by(|a, b| a.0.total_cmp(&b.0))?;
            let (from_other, other) = nearest;
            let at_home = far(other, other).zip(far(other, own)).is_some_and(|(home, here)| home <= here);
            (from_other < CLEARLY * from_own && !at_home).then_some(other)
        })
        .collect()
}
