//! Whether two pictures show the same character: requirements D1 and D2.
//!
//! A [`Figure`] is cut out of its picture and measured once; [`compare`] judges two of them, [`verify_set`] a whole
//! profile. Measures are local, aligned and tolerant of shading; small calibrated models (`data/consistency.json`)
//! turn them into scores. Beside them stands what a learned network says of who it is. Not here: scenes with several
//! characters, and faces of real people.

mod compare;
mod set;

mod figure;

// The checks.
mod color;
mod facing;
mod features;
mod hues;
mod identity;
mod proportion;
mod style;
mod surroundings;

// A view in its set.
mod company;
mod outlier;
mod study;
mod turn;
mod verdict;

// What they measure on.
mod attention;
mod canon;
mod cells;
mod cut;
mod grid;
mod landmarks;
mod roll;
mod segment;
mod surface;
mod wall;

mod parts;
mod report;
mod weights;

pub use compare::{Relation, compare, compare_with, measures};
pub(crate) use figure::Pixels;
pub use figure::{Backdrop, Figure, NoFigure};
pub(crate) use grid::GRID;
pub use identity::measures as identity_measures;
pub use landmarks::Landmarks;
pub use parts::Nature;
pub(crate) use parts::at as part_at;
pub use report::{Check, Evidence, Issue, Report, Severity, Verdict};
pub use set::{AngleIssue, AngleReport, Facing, Mistake, SetReport, verify_set, verify_set_with};
pub use study::{Mask, ViewMeasures, doubt, mask, mirrored_doubt, orientation_measures, set_measures};
pub use turn::{Sides, likelihoods};
pub use verdict::{set_size, whole};
pub use weights::{Ballot, Course, Measure, Model, Orientation, PASS, Pose, Weights};

#[cfg(test)]
mod tests;
