//! The figure's coarse colours, for those who look for it in other pictures.

use super::cells::{ACROSS, DOWN};
use super::figure::Figure;
use crate::oklab::Lab;

impl Figure {
    /// Row by row the mean colour of each cell that is mostly figure; the axis is in the middle of the rows.
    pub(crate) fn grid(&self) -> &[Option<Lab>] {
        &self.cells.0
    }
}

/// Columns and rows of [`Figure::grid`]; its cells are squares.
pub(crate) const GRID: (usize, usize) = (ACROSS, DOWN);
