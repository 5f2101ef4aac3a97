//! What of a picture is the figure: a flood from the border over a plain backdrop and its soft shadow, then refinement;
//! where the backdrop is not plain, what a learned network points at, cut out along edges by its colours.
//!
//! Without the network a backdrop that is not plain is named, never guessed at.

mod grid;

use super::attention::{self, Attention};
use super::cut;
use super::figure::{Backdrop, NoFigure};
use super::wall::{self, Wall};
use crate::embedding::Embedder;
use crate::oklab::{self, Lab};
use crate::picture::Picture;
use grid::{FROM_TYPICAL, Grid};

/// The picture's longest side while it is segmented.
const WORK: u32 = 400;
/// The same from a course of colours, which lies closer.
const FROM_COURSE: f32 = 0.07;
/// The least part of the border that must be typical.
const OF_BORDER: f64 = 0.8;
/// How much of a figure's outline may be without contrast.
const FAINT: f64 = 0.06;
/// The least height of a figure, in working pixels.
const LEAST_HEIGHT: usize = 48;

/// A shrunk picture with the figure marked.
pub(super) struct Segment {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) colours: Vec<[u8; 3]>,
    pub(super) labs: Vec<Lab>,
    pub(super) inside: Vec<bool>,
    /// Left, top, right, bottom, the latter two exclusive.
    pub(super) bounds: [usize; 4],
    pub(super) backdrop: Backdrop,
}

impl Segment {
    pub(super) fn of(picture: &Picture, embedder: Option<&Embedder>) -> Result<Self, NoFigure> {
        let small = picture.thumbnail(WORK);
        let (width, height) = (small.width() as usize, small.height() as usize);
        if height < LEAST_HEIGHT || width < 8 {
            return Err(NoFigure::TooSmall);
        }
        let colours: Vec<[u8; 3]> = small.rgb().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        let labs: Vec<Lab> = colours.iter().map(|&colour| oklab::from_rgb(colour)).collect();
        let grid = Grid { width, height, labs: &labs };
        let attention = embedder.map(|embedder| Attention::of(embedder, &small));
        let (inside, bounds, backdrop) = grid.figure(&small, attention.as_ref())?;
        Ok(Self { width, height, colours, labs, inside, bounds, backdrop })
    }
}

type Found = (Vec<bool>, [usize; 4], Backdrop);

impl Grid<'_> {
    /// Before a plain wall by a flood; else, and where the flood took away what the network sees as the subject, by the
    /// cut.
    fn figure(&self, small: &Picture, attention: Option<&Attention>) -> Result<Found, NoFigure> {
        let plain = self.before_wall();
        let Some(attention) = attention else { return plain };
        let why = match plain {
            Ok((inside, ..)) if attention.misses(&inside, self.width, self.height) => NoFigure::BlendsIn,
            Ok(found) => return Ok(found),
            Err(why @ (NoFigure::BackdropNotPlain | NoFigure::BlendsIn | NoFigure::NothingStandsOut)) => why,
            Err(why @ (NoFigure::Nothing | NoFigure::TooSmall | NoFigure::SeveralFigures)) => return Err(why),
        };
        self.cut_out(small, attention).map_err(|found| if why == NoFigure::BlendsIn { why } else { found })
    }

    fn before_wall(&self) -> Result<Found, NoFigure> {
        let (typical, share) = self.typical();
        let first = if share < OF_BORDER {
            NoFigure::BackdropNotPlain
        } else {
            match self.before(&Wall::Even(typical), FROM_TYPICAL) {
                Err(why @ (NoFigure::BackdropNotPlain | NoFigure::BlendsIn)) => why,
                found => return found,
            }
        };
        let courses = wall::courses(self.labs, self.width, self.height);
        courses.iter().find_map(|course| self.before(course, FROM_COURSE).ok()).ok_or(first)
    }

    fn before(&self, wall: &Wall, reach: f32) -> Result<Found, NoFigure> {
        let mut inside = self.flood(wall, reach);
        self.open_gaps(&mut inside, wall);
        let bounds = self.keep_largest(&mut inside)?;
        let covered = inside.iter().filter(|&&inside| inside).count();
        if matches!(wall, Wall::Rows(_)) && covered * 2 > inside.len() {
            // A room's furniture stands before its wall and floor as a figure does.
            return Err(NoFigure::BackdropNotPlain);
        }
        if self.faint(&inside) > FAINT {
            return Err(NoFigure::BlendsIn);
        }
        Ok((inside, bounds, Backdrop::Plain))
    }

    /// Cut at a smaller size; the share of figure between its pixels decides for those of this one.
    fn cut_out(&self, small: &Picture, attention: &Attention) -> Result<Found, NoFigure> {
        let work = small.thumbnail(cut::WORK);
        let (width, height) = (work.width() as usize, work.height() as usize);
        let labs: Vec<Lab> = work.rgb().chunks_exact(3).map(|p| oklab::from_rgb([p[0], p[1], p[2]])).collect();
        let middle = |at: usize, side: usize| (at as f32 + 0.5) / side as f32;
        let odds: Vec<f32> =
            (0..labs.len()).map(|at| attention.at(middle(at % width, width), middle(at / width, height))).collect();
        let shares = cut::cut(&labs, width, height, &odds);
        let share = |at: usize| {
            let (x, y) = (middle(at % self.width, self.width), middle(at / self.width, self.height));
            attention::bilinear(&shares, width, height, x, y)
        };
        let mut inside: Vec<bool> = (0..self.labs.len()).map(|at| share(at) > 0.5).collect();
        let bounds = self.keep_subject(&mut inside, attention)?;
        Ok((inside, bounds, Backdrop::Busy))
    }

    /// Keeps the part that most attention lies on and what belongs to it, and closes specks in it.
    fn keep_subject(&self, inside: &mut [bool], attention: &Attention) -> Result<[usize; 4], NoFigure> {
        let weight =
            |part: &Vec<usize>| -> f32 { part.iter().map(|&at| self.odds(attention, at).clamp(0.05, 3.0)).sum() };
        let mut parts: Vec<(f32, Vec<usize>)> =
            self.parts(inside).into_iter().map(|part| (weight(&part), part)).collect();
        parts.sort_by(|a, b| b.0.total_cmp(&a.0));
        let Some((heaviest, mut kept)) = parts.first().cloned() else { return Err(NoFigure::NothingStandsOut) };
        for (weight, part) in parts.drain(..).skip(1) {
            if weight * 10.0 > heaviest && belongs(self.bounds(&part), self.bounds(&kept)) {
                kept.extend(part);
            }
        }
        let total = inside.len();
        if kept.len() * 100 < total || kept.len() * 100 > total * 94 {
            return Err(NoFigure::NothingStandsOut);
        }
        let bounds = self.bounds(&kept);
        if bounds[3] - bounds[1] < LEAST_HEIGHT {
            return Err(NoFigure::TooSmall);
        }
        let most = kept.len() / 200;
        inside.fill(false);
        for at in kept {
            inside[at] = true;
        }
        let outside: Vec<bool> = inside.iter().map(|inside| !inside).collect();
        for speck in self.parts(&outside).into_iter().filter(|part| part.len() <= most) {
            for at in speck {
                inside[at] = true;
            }
        }
        Ok(bounds)
    }

    fn odds(&self, attention: &Attention, at: usize) -> f32 {
        let share = |at: usize, side: usize| (at as f32 + 0.5) / side as f32;
        attention.at(share(at % self.width, self.width), share(at / self.width, self.height))
    }

    /// Keeps the largest part and what belongs to it: parts above, below or on it that a collar or stripes of the
    /// backdrop's colour cut off.
    fn keep_largest(&self, inside: &mut [bool]) -> Result<[usize; 4], NoFigure> {
        let mut parts = self.parts(inside);
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        let total = inside.len();
        parts.retain(|part| part.len() * 20_000 > total);
        let Some(largest) = parts.first().cloned() else { return Err(NoFigure::Nothing) };
        let mut kept = largest;
        let mut bounds = self.bounds(&kept);
        let mut rest = parts.split_off(1);
        while let Some(next) = rest.iter().position(|part| belongs(self.bounds(part), bounds)) {
            kept.extend(rest.remove(next));
            bounds = self.bounds(&kept);
        }
        if kept.len() * 400 < total {
            return Err(NoFigure::Nothing);
        }
        let tall = |[_, top, _, bottom]: [usize; 4]| bottom - top;
        if tall(bounds) < LEAST_HEIGHT {
            return Err(NoFigure::TooSmall);
        }
        // From one side of the picture to the other: a floor, a wall, a street.
        let across = bounds[0] == 0 && bounds[2] == self.width;
        if across || kept.len() * 10 > total * 9 {
            return Err(NoFigure::BackdropNotPlain);
        }
        if rest.iter().any(|part| part.len() * 10 > kept.len() * 3 && tall(self.bounds(part)) * 2 > tall(bounds)) {
            return Err(NoFigure::SeveralFigures);
        }
        inside.fill(false);
        for at in kept {
            inside[at] = true;
        }
        Ok(bounds)
    }
}

/// Mostly in the same columns, and not far above or below.
fn belongs([left, top, right, bottom]: [usize; 4], whole: [usize; 4]) -> bool {
    let shared = right.min(whole[2]).saturating_sub(left.max(whole[0]));
    let gap = top.saturating_sub(whole[3]).max(whole[1].saturating_sub(bottom));
    shared * 10 >= (right - left) * 6 && gap * 12 <= (bottom.max(whole[3]) - top.min(whole[1]))
}

#[cfg(test)]
mod tests;
