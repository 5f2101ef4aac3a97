//! A figure's surface rolled out: what a view shows of each side of the figure, as if every height were a cylinder, so
//! that two views can be laid over each other at any angle between them.
//!
//! This needs no face, no feet and no person: whatever is coloured differently on different sides tells the angle.

use super::cells::{ACROSS, Cells, DOWN, tolerant};
use crate::oklab::Lab;

/// Directions that a view shows, every 15 degrees to both sides of its middle.
const SIDES: i32 = 5;
const SEEN: usize = 2 * SIDES as usize + 1;
const STEP: i32 = 15;
/// Rows of the grid of cells that make one of a roll.
const ROWS_OF: usize = 2;
const ROWS: usize = DOWN / ROWS_OF;

/// Colours by row, and by direction from the figure's left in the picture to its right.
#[derive(Debug, Clone)]
pub(super) struct Roll(Vec<[Option<Lab>; SEEN]>);

impl Roll {
    pub(super) fn of(cells: &Cells) -> Self {
        Self((0..ROWS).map(|row| Self::row(&cells.0[row * ROWS_OF * ACROSS..][..ROWS_OF * ACROSS])).collect())
    }

    fn row(cells: &[Option<Lab>]) -> [Option<Lab>; SEEN] {
        let column = |column: usize| {
            let both = (0..ROWS_OF).filter_map(|row| cells[row * ACROSS + column]);
            let (sum, count) =
                both.fold(([0.0_f32; 3], 0), |(sum, n), lab| ([0, 1, 2].map(|i| sum[i] + lab[i]), n + 1));
            (count > 0).then(|| sum.map(|value| value / count as f32))
        };
        let columns: Vec<Option<Lab>> = (0..ACROSS).map(column).collect();
        let (Some(first), Some(last)) =
            (columns.iter().position(Option::is_some), columns.iter().rposition(Option::is_some))
        else {
            return [None; SEEN];
        };
        let (middle, half) = ((first + last) as f64 / 2.0, (last - first) as f64 / 2.0);
        std::array::from_fn(|at| {
            let degrees = f64::from((at as i32 - SIDES) * STEP);
            columns[(middle + half * degrees.to_radians().sin()).round() as usize]
        })
    }

    /// For each angle 0, 15, ... 345 at which this view might be seen, how much better than by chance it then lies on
    /// `other`, which is seen from `angle`; in units of OKLab.
    pub(super) fn fits(&self, other: &Self, angle: u16, lighter: f32) -> [f64; 24] {
        let mut fits = [0.0; 24];
        for row in 0..ROWS {
            let apart = self.row_apart(other, row, lighter);
            let known: Vec<f64> = apart.iter().flatten().flatten().map(|&d| f64::from(d)).collect();
            if known.is_empty() {
                continue;
            }
            let chance = known.iter().sum::<f64>() / known.len() as f64;
            for (step, fit) in fits.iter_mut().enumerate() {
                // A place to the right of the middle is seen from a smaller angle.
                let turned = (step as i32 * STEP - i32::from(angle) + 180).rem_euclid(360) - 180;
                for (own, apart) in apart.iter().enumerate() {
                    let there = own as i32 - turned / STEP;
                    if let Some(apart) = usize::try_from(there).ok().and_then(|there| *apart.get(there)?) {
                        *fit += chance - f64::from(apart);
                    }
                }
            }
        }
        fits.map(|fit| fit / ROWS as f64)
    }

    /// How far each direction of one row is from each of the other's; the best of three rows.
    fn row_apart(&self, other: &Self, row: usize, lighter: f32) -> [[Option<f32>; SEEN]; SEEN] {
        let rows = row.saturating_sub(1)..(row + 2).min(ROWS);
        self.0[row].map(|own| {
            std::array::from_fn(|there| {
                let [l, a, b] = own?;
                let near = other.0[rows.clone()].iter().filter_map(|row| row[there]);
                near.map(|lab| tolerant([l - lighter, a, b], lab)).reduce(f32::min)
            })
        })
    }
}

/// Whether the right half of a view shows more of what `front` shows than the left half does: above 0 where the figure
/// looks to the right.
pub(super) fn lean_to(view: &Cells, front: &Cells) -> f64 {
    let distances = view.distances(front, super::cells::Reach::Height, view.lighter_than(front));
    let mut lean = 0.0;
    for (cells, distances) in view.0.chunks_exact(ACROSS).zip(distances.chunks_exact(ACROSS)) {
        let (Some(first), Some(last)) =
            (cells.iter().position(Option::is_some), cells.iter().rposition(Option::is_some))
        else {
            continue;
        };
        let middle = (first + last) as f64 / 2.0;
        for (column, distance) in distances.iter().enumerate().filter(|(column, _)| cells[*column].is_some()) {
            lean += f64::from(*distance) * (middle - column as f64) / (last - first + 1) as f64;
        }
    }
    lean / view.covered().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column seen from `angle`, whose colour at each side `tint` gives: along the axis of the front, and across it.
    fn column(angle: u16, tint: fn(f64) -> [f64; 2]) -> Cells {
        let colour = |column: usize| {
            let across = (column as f64 - 23.5) / 11.5;
            (across.abs() <= 1.0).then(|| {
                let [a, b] = tint(f64::from(angle).to_radians() - across.asin());
                [0.6, 0.12 * a as f32, 0.12 * b as f32]
            })
        };
        Cells((0..DOWN * ACROSS).map(|at| colour(at % ACROSS)).collect())
    }

    /// Another hue on every side: no view is another's mirror image.
    fn wheel(side: f64) -> [f64; 2] {
        [side.cos(), side.sin()]
    }

    /// Left as right, as most figures are: the mirror image of one side is the other side.
    fn even(side: f64) -> [f64; 2] {
        [side.cos(), (2.0 * side).cos()]
    }

    fn likeliest(fits: &[f64; 24]) -> usize {
        (0..24).fold(0, |best, next| if fits[next] > fits[best] { next } else { best }) * STEP as usize
    }

    #[test]
    fn a_surface_tells_the_angle_and_a_mirror_is_noticed() {
        let front = Roll::of(&column(0, wheel));
        for angle in [0, 30, 60, 90, 270, 300, 330] {
            let seen = Roll::of(&column(angle, wheel)).fits(&front, 0, 0.0);
            assert!(likeliest(&seen).abs_diff(usize::from(angle)) <= 15, "{angle}: {seen:?}");
        }
        // From behind, other views say more than the front.
        let behind = Roll::of(&column(180, wheel)).fits(&Roll::of(&column(90, wheel)), 90, 0.0);
        assert!(likeliest(&behind).abs_diff(180) <= 15, "{behind:?}");
        let mirrored = Roll::of(&column(60, even).mirrored()).fits(&Roll::of(&column(0, even)), 0, 0.0);
        assert!(likeliest(&mirrored).abs_diff(300) <= 15, "{mirrored:?}");
        assert!(mirrored[300 / 15] > mirrored[60 / 15] + 0.01, "{mirrored:?}");
    }

    #[test]
    fn what_looks_alike_from_all_sides_says_nothing() {
        let plain =
            Cells((0..DOWN * ACROSS).map(|at| (12..36).contains(&(at % ACROSS)).then_some([0.5, 0.1, 0.0])).collect());
        let fits = Roll::of(&plain).fits(&Roll::of(&plain), 0, 0.0);
        assert!(fits.iter().all(|fit| fit.abs() < 1e-6), "{fits:?}");
    }

    #[test]
    fn the_half_that_shows_more_of_the_front_is_where_it_looks() {
        let front =
            Cells((0..DOWN * ACROSS).map(|at| (12..36).contains(&(at % ACROSS)).then_some([0.7, 0.1, 0.1])).collect());
        let half = |at: usize| if at % ACROSS < 24 { [0.3, 0.0, -0.1] } else { [0.7, 0.1, 0.1] };
        let side = Cells((0..DOWN * ACROSS).map(|at| (12..36).contains(&(at % ACROSS)).then(|| half(at))).collect());
        assert!(lean_to(&side, &front) > 0.01);
        assert!(lean_to(&side.mirrored(), &front) < -0.01);
    }
}
