//! Which side a view shows, against the one that it claims to show: the master's word and that of the other views, to
//! which it must be the more alike the nearer they are.

use std::collections::BTreeMap;

use super::company::{Company, Overlay};
use super::facing;
use super::figure::Figure;
use super::roll::Roll;
use super::verdict::set_size;
use super::weights::{Ballot, Course, Orientation};

/// What is known of a view's side.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Sides {
    /// Against the front.
    pub master: BTreeMap<String, f64>,
    /// How unlike each other view is, with that view's angle; those whose name ends in `Mirrored`, if mirrored.
    /// Empty without company.
    pub others: BTreeMap<String, Vec<(u16, f64)>>,
    /// How well the surface lies on that of the others at 0, 15, ... 345 degrees, by name.
    pub rolled: BTreeMap<String, Vec<f64>>,
}

impl Sides {
    /// What would be known if there were only the master.
    #[must_use]
    pub fn alone(&self) -> Self {
        let of_master = |(name, _): &(&String, &Vec<f64>)| *name == ROLL_MASTER;
        let mut master = self.master.clone();
        master.remove(SIDE_BACK);
        let rolled = self.rolled.iter().filter(of_master).map(|(name, fits)| (name.clone(), fits.clone())).collect();
        Self { master, others: BTreeMap::new(), rolled }
    }
}

/// What the measures say of an angle.
pub(super) struct Side {
    /// The likeliest angle, 0-345.
    pub(super) likeliest: u16,
    /// By how much an angle 60 degrees or more away is likelier than the claimed one or those near it.
    pub(super) doubt: f64,
    /// By how much the mirrored side is likelier than the claimed one; of front and back, which are their own: never.
    pub(super) mirrored: f64,
}

/// What brings a fit of surfaces to the size of the other logarithms.
const ROLLED: f64 = 10.0;
/// How the surface lies on the master's.
const ROLL_MASTER: &str = "rollMaster";
/// Which half shows more of the back; odd, as its name begins with `side`.
const SIDE_BACK: &str = "sideBack";

/// One of an overlay's values, as they are and mirrored.
type Kind = fn(&Overlay) -> [f64; 2];

const KINDS: [(&str, &str, Kind); 3] = [
    ("cells", "cellsMirrored", |overlay| overlay.cells),
    ("head", "headMirrored", |overlay| overlay.head),
    ("face", "faceMirrored", |overlay| overlay.face),
];

/// How unlike each other member a view is, in logarithms, and the mean of these.
struct Profile {
    others: Vec<(usize, [f64; 2])>,
    mean: f64,
}

/// Of all members but the master.
pub(super) fn sides(company: &Company<'_>) -> Vec<Sides> {
    let count = company.members.len();
    let mut all: Vec<Sides> =
        company.members[1..].iter().map(|view| against(company.members[0].figure, view.figure)).collect();
    rolls(company, &mut all);
    if count < 4 {
        return all;
    }
    for (plain, mirrored, of) in KINDS {
        let logs = |at: usize| -> Vec<(usize, [f64; 2])> {
            let others = (0..count).filter(|other| *other != at);
            others.map(|other| (other, of(&company.overlays[at][other]).map(|d| (d + 0.004).ln()))).collect()
        };
        let profiles: Vec<Profile> = (1..count)
            .map(|at| {
                let others = logs(at);
                let mean = others.iter().map(|(_, [a, b])| a + b).sum::<f64>() / (2 * others.len()) as f64;
                Profile { others, mean }
            })
            .collect();
        // Some characters look more alike from all sides than others.
        let squares = profiles.iter().flat_map(|Profile { others, mean }| {
            others.iter().flat_map(move |(_, both)| both.map(|value| (value - mean) * (value - mean)))
        });
        let spread = (squares.sum::<f64>() / (2 * (count - 1) * (count - 1)) as f64).sqrt().max(0.1);
        for (sides, Profile { others, mean }) in all.iter_mut().zip(profiles) {
            let values = |way: usize| {
                let value =
                    |(other, both): &(usize, [f64; 2])| (company.members[*other].angle, (both[way] - mean) / spread);
                others.iter().map(value).collect()
            };
            sides.others.insert(plain.to_owned(), values(0));
            sides.others.insert(mirrored.to_owned(), values(1));
        }
    }
    all
}

/// Of a view against the front alone.
pub(super) fn against(master: &Figure, view: &Figure) -> Sides {
    let (own, front) = (Roll::of(&view.cells), Roll::of(&master.cells));
    let fits = own.fits(&front, 0, view.cells.lighter_than(&master.cells)).to_vec();
    Sides {
        master: facing::measures(master, view),
        others: BTreeMap::new(),
        rolled: BTreeMap::from([(ROLL_MASTER.to_owned(), fits)]),
    }
}

/// How each view lies on all others at once, and which of its halves shows more of the back.
fn rolls(company: &Company<'_>, all: &mut [Sides]) {
    let rolls: Vec<Roll> = company.members.iter().map(|member| Roll::of(&member.figure.cells)).collect();
    for (at, sides) in (1..).zip(all) {
        let own = &company.members[at].figure.cells;
        let mut sums = vec![0.0; 24];
        for (other, member) in company.members.iter().enumerate().filter(|(other, _)| *other != at) {
            let fits = rolls[at].fits(&rolls[other], member.angle, own.lighter_than(&member.figure.cells));
            sums.iter_mut().zip(fits).for_each(|(sum, fit)| *sum += fit);
            if member.angle == 180 {
                sides.master.insert(SIDE_BACK.to_owned(), -super::roll::lean_to(own, &member.figure.cells));
            }
        }
        let others = (company.members.len() - 1) as f64;
        sums.iter_mut().for_each(|sum| *sum /= others.sqrt());
        sides.rolled.insert("roll".to_owned(), sums);
    }
}

/// How likely each measure finds an angle, as logarithms: what the weights of a [`Ballot`] are for.
pub fn likelihoods(orientation: &Orientation, sides: &Sides, angle: u16) -> BTreeMap<String, f64> {
    let degrees = f64::from(angle);
    let alone = orientation.measures.iter().filter_map(|(name, course)| {
        let value = sides.master.get(name)?;
        Some((name.clone(), likelihood(course, name.starts_with("side"), degrees, *value)))
    });
    let company = orientation.profiles.iter().filter_map(|(name, course)| {
        let others = sides.others.get(name)?;
        let seen = if name.ends_with("Mirrored") { -degrees } else { degrees };
        let sum: f64 =
            others.iter().map(|(other, value)| likelihood(course, false, seen - f64::from(*other), *value)).sum();
        Some((name.clone(), sum / others.len().max(1) as f64))
    });
    let rolled = sides.rolled.iter().map(|(name, fits)| {
        let place = f64::from(angle % 360) / 15.0;
        (name.clone(), ROLLED * fits[place.round() as usize % 24])
    });
    alone.chain(company).chain(rolled).collect()
}

fn likelihood(course: &Course, odd: bool, degrees: f64, value: f64) -> f64 {
    /// One measure alone does not decide.
    const MOST: f64 = 12.0;
    let (mean, deviation) = course.at(odd, degrees);
    let deviation = deviation.max(1e-3);
    let away = (value - mean) / deviation;
    -0.5 * (away * away).min(MOST) - deviation.ln()
}

impl Orientation {
    /// The ballot that fits what is known.
    pub fn ballot(&self, sides: &Sides) -> &Ballot {
        match sides.others.values().map(Vec::len).max() {
            None => &self.alone,
            // The master is one of the others, in place of the view itself.
            Some(others) if set_size(others) == set_size(1) => self.few.as_ref().unwrap_or(&self.company),
            Some(_) => &self.company,
        }
    }
}

pub(super) fn side(orientation: &Orientation, sides: &Sides, claimed: u16) -> Side {
    let ballot = orientation.ballot(sides);
    let votes = |angle: u16| -> f64 {
        let all = likelihoods(orientation, sides, angle);
        all.iter().filter_map(|(name, likely)| ballot.weights.get(name).map(|weight| weight * likely)).sum()
    };
    let likely: Vec<(u16, f64)> = (0..24).map(|step| step * 15).map(|angle| (angle, votes(angle))).collect();
    let best = |wanted: &dyn Fn(u16) -> bool| {
        let fitting = likely.iter().filter(|(angle, _)| wanted(super::company::apart(*angle, claimed)));
        fitting.fold((0, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { *next } else { best })
    };
    let other = (360 - claimed % 360) % 360;
    let mirrored = if other == claimed % 360 { f64::NEG_INFINITY } else { votes(other) - votes(claimed) };
    Side { likeliest: best(&|_| true).0, doubt: best(&|away| away >= 50).1 - best(&|away| away <= 20).1, mirrored }
}
