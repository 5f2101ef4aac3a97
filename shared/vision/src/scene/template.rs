//! What is slid over a scene: a reference's colours on two coarse grids, and the places around it.

use crate::consistency::{Figure, GRID};
use crate::oklab::Lab;

/// Rows from top to feet while the whole scene is searched, and while a place is settled.
pub(super) const COARSE: usize = 16;
pub(super) const FINE: usize = 32;
/// Below this a reference is ink on paper.
const LEAST_CHROMA: f32 = 0.03;

/// A reference as it is looked for.
pub(super) struct Template {
    pub(super) coarse: Grid,
    pub(super) fine: Grid,
    /// How far the figure reaches to the left and to the right of its axis, in its heights.
    pub(super) reach: [f64; 2],
}

/// The figure on one grid.
pub(super) struct Grid {
    pub(super) rows: usize,
    /// The figure.
    pub(super) cells: Vec<Cell>,
    /// Around it, with the colour of the nearest cell of the figure: what must not be there.
    pub(super) ring: Vec<Cell>,
}

/// A square of a grid. Columns count from the figure's axis, rows from its top.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) row: i32,
    pub(super) column: i32,
    pub(super) lab: Lab,
}

impl Template {
    pub(super) fn of(figure: &Figure) -> Self {
        let (across, down) = GRID;
        let half = across as f64 / 2.0;
        let columns = (0..across).filter(|x| (0..down).any(|y| figure.grid()[y * across + x].is_some()));
        let (first, last) = columns.fold((across, 0), |(first, last), x| (first.min(x), last.max(x + 1)));
        // The rim's cells are half empty.
        let reach = |cells: f64| ((cells + 0.5) / down as f64).max(0.02);
        Self {
            coarse: Grid::of(figure, COARSE, 1),
            fine: Grid::of(figure, FINE, 2),
            reach: [reach(half - first as f64), reach(last as f64 - half)],
        }
    }

    /// Whether there are colours to look for.
    pub(super) fn has_colours(&self) -> bool {
        let coloured = self.fine.cells.iter().filter(|cell| cell.lab[1].hypot(cell.lab[2]) > LEAST_CHROMA).count();
        coloured * 20 >= self.fine.cells.len() && coloured > 0
    }
}

impl Grid {
    /// With a ring at this many cells from the figure.
    fn of(figure: &Figure, rows: usize, away: i32) -> Self {
        let (across, down) = GRID;
        let pool = down / rows;
        let middle = (across / pool / 2) as i32;
        let mut cells = Vec::new();
        for row in 0..rows {
            for column in 0..across / pool {
                let members = (0..pool * pool).filter_map(|member| {
                    let (x, y) = (column * pool + member % pool, row * pool + member / pool);
                    figure.grid()[y * across + x]
                });
                let (sum, count) = members
                    .fold(([0.0_f32; 3], 0), |(sum, count), lab| ([0, 1, 2].map(|i| sum[i] + lab[i]), count + 1));
                if count * 2 >= pool * pool {
                    let lab = sum.map(|value| value / count as f32);
                    cells.push(Cell { row: row as i32, column: column as i32 - middle, lab });
                }
            }
        }
        let ring = ring(&cells, rows as i32, middle, away);
        Self { rows, cells, ring }
    }
}

fn ring(cells: &[Cell], rows: i32, half: i32, away: i32) -> Vec<Cell> {
    let mut ring = Vec::new();
    for row in -away..rows {
        for column in -half - away..half + away {
            let far = |cell: &Cell| (cell.row - row).abs().max((cell.column - column).abs());
            let nearest = cells.iter().min_by_key(|cell| (far(cell), (cell.row - row).abs()));
            if let Some(nearest) = nearest.filter(|cell| far(cell) == away) {
                ring.push(Cell { row, column, lab: nearest.lab });
            }
        }
    }
    ring
}
