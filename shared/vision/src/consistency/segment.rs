//! What of a picture is the figure: a flood from the border over a plain backdrop and its soft shadow, then refinement;
//! where the backdrop is not plain, what a learned network points at, cut out along edges by its colours.
//!
//! Without the network a backdrop that is not plain is named, never guessed at.

use super::attention::{self, Attention};
use super::cut;
use super::figure::{Backdrop, NoFigure};
use super::wall::{self, Wall};
use crate::embedding::Embedder;
use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// The picture's longest side while it is segmented.
const WORK: u32 = 400;
/// How far the backdrop may be, in OKLab, from the border's typical colour.
const FROM_TYPICAL: f32 = 0.11;
/// The same from a course of colours, which lies closer.
const FROM_COURSE: f32 = 0.07;
/// A shadow keeps the backdrop's colour and may be this much darker.
const SHADOW: f32 = 0.42;
const SHADOW_TINT: f32 = 0.022;
/// From pixel to pixel: grain, JPEG's ringing and a shadow's slope stay below.
const STEP: f32 = 0.026;
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
}

struct Grid<'a> {
    width: usize,
    height: usize,
    labs: &'a [Lab],
}

impl Grid<'_> {
    fn neighbours(&self, at: usize) -> impl Iterator<Item = usize> {
        let (x, y) = (at % self.width, at / self.width);
        [
            (x > 0).then(|| at - 1),
            (x + 1 < self.width).then_some(at + 1),
            (y > 0).then(|| at - self.width),
            (y + 1 < self.height).then_some(at + self.width),
        ]
        .into_iter()
        .flatten()
    }

    fn border(&self) -> Vec<usize> {
        let edge = |at: &usize| {
            let (x, y) = (at % self.width, at / self.width);
            x == 0 || y == 0 || x == self.width - 1 || y == self.height - 1
        };
        (0..self.labs.len()).filter(edge).collect()
    }

    /// The border's median colour, and how much of the border has it.
    fn typical(&self) -> (Lab, f64) {
        let border = self.border();
        let median = [0, 1, 2].map(|channel| {
            let mut values: Vec<f32> = border.iter().map(|&at| self.labs[at][channel]).collect();
            values.sort_by(f32::total_cmp);
            values[values.len() / 2]
        });
        let near = border.iter().filter(|&&at| oklab::distance(self.labs[at], median) < FROM_TYPICAL).count();
        (median, near as f64 / border.len() as f64)
    }

    /// True where the flood did not come. It does not pass where only one pixel is open: outlines have such holes.
    fn flood(&self, wall: &Wall, reach: f32) -> Vec<bool> {
        let like_wall = |(at, &lab): (usize, &Lab)| {
            let typical = wall.at(at);
            oklab::distance(lab, typical) < reach || in_shadow(lab, typical)
        };
        let plain: Vec<bool> = self.labs.iter().enumerate().map(like_wall).collect();
        let off = |at: usize| {
            let (lab, typical) = (self.labs[at], wall.at(at));
            [0, 1, 2].map(|channel| lab[channel] - typical[channel])
        };
        let smooth = |from: usize, to: usize| match wall {
            Wall::Even(_) => oklab::distance(self.labs[to], self.labs[from]) < STEP,
            Wall::Course(_) => oklab::distance(off(to), off(from)) < STEP,
        };
        let wide = |at: usize| plain[at] && self.neighbours(at).all(|near| plain[near]);
        let mut inside = vec![true; self.labs.len()];
        let mut open: Vec<usize> = self.border().into_iter().filter(|&at| plain[at]).collect();
        for &at in &open {
            inside[at] = false;
        }
        let mut reached = Vec::new();
        while let Some(at) = open.pop() {
            reached.push(at);
            for next in self.neighbours(at) {
                if inside[next] && wide(next) && smooth(at, next) {
                    inside[next] = false;
                    open.push(next);
                }
            }
        }
        for at in reached {
            for next in self.neighbours(at) {
                if plain[next] && smooth(at, next) {
                    inside[next] = false;
                }
            }
        }
        inside
    }

    /// Backdrop that the figure encloses, as between arm and body: small, flat, and not as thin as a line.
    fn open_gaps(&self, inside: &mut [bool], wall: &Wall) {
        let most = inside.iter().filter(|&&inside| inside).count() * 2 / 100;
        let gap: Vec<bool> =
            (0..self.labs.len()).map(|at| inside[at] && oklab::distance(self.labs[at], wall.at(at)) < 0.025).collect();
        for part in self.parts(&gap) {
            let core = part.iter().filter(|&&at| self.neighbours(at).all(|next| gap[next])).count();
            if core >= 4 && part.len() <= most {
                for at in part {
                    inside[at] = false;
                }
            }
        }
    }

    /// How much of the outline has hardly any contrast: there the flood may have stopped anywhere.
    fn faint(&self, inside: &[bool]) -> f64 {
        const LEAST: f32 = 0.03;
        let (mut faint, mut all) = (0, 0);
        for y in 0..self.height {
            let row = &inside[y * self.width..(y + 1) * self.width];
            for x in 4..self.width.saturating_sub(4) {
                // From outside to inside, going right or left.
                for way in [1_i64, -1] {
                    let at = |steps: i64| (x as i64 + way * steps) as usize;
                    if !row[x] && row[at(1)] && row[at(2)] {
                        let lab = |steps: i64| self.labs[y * self.width + at(steps)];
                        let contrast = (1..4).map(|steps| oklab::distance(lab(steps), lab(-2))).fold(0.0, f32::max);
                        faint += u32::from(contrast < LEAST);
                        all += 1;
                    }
                }
            }
        }
        f64::from(faint) / f64::from(all.max(1))
    }

    fn parts(&self, marked: &[bool]) -> Vec<Vec<usize>> {
        let mut seen = vec![false; marked.len()];
        let mut parts = Vec::new();
        for start in 0..marked.len() {
            if !marked[start] || seen[start] {
                continue;
            }
            seen[start] = true;
            let mut part = vec![start];
            let mut next = 0;
            while next < part.len() {
                for near in self.neighbours(part[next]) {
                    if marked[near] && !seen[near] {
                        seen[near] = true;
                        part.push(near);
                    }
                }
                next += 1;
            }
            parts.push(part);
        }
        parts
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

    fn bounds(&self, part: &[usize]) -> [usize; 4] {
        part.iter().fold([usize::MAX, usize::MAX, 0, 0], |[left, top, right, bottom], &at| {
            let (x, y) = (at % self.width, at / self.width);
            [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]
        })
    }
}

fn in_shadow(lab: Lab, typical: Lab) -> bool {
    let darker = typical[0] - lab[0];
    (0.0..SHADOW).contains(&darker) && (lab[1] - typical[1]).hypot(lab[2] - typical[2]) < SHADOW_TINT
}

/// Mostly in the same columns, and not far above or below.
fn belongs([left, top, right, bottom]: [usize; 4], whole: [usize; 4]) -> bool {
    let shared = right.min(whole[2]).saturating_sub(left.max(whole[0]));
    let gap = top.saturating_sub(whole[3]).max(whole[1].saturating_sub(bottom));
    shared * 10 >= (right - left) * 6 && gap * 12 <= (bottom.max(whole[3]) - top.min(whole[1]))
}

#[cfg(test)]
mod tests;
