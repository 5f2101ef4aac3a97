//! Whether the cloth of the upper body is striped, dotted or checked. Where that is not clear, nothing is said.

use crate::consistency::Pixels;

/// Below the neck and above the waist, as shares of the height from the top.
const FROM: f64 = 0.29;
const TO: f64 = 0.46;
/// Columns to both sides of the axis.
const HALF: usize = 14;
/// Pixels after which a pattern may come again.
const PERIODS: std::ops::RangeInclusive<usize> = 5..=16;
/// The weakest contrast of a pattern.
const LEAST: f64 = 0.06;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Across the body.
    Striped,
    Dotted,
    Checked,
}

impl Pattern {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Striped => "striped",
            Self::Dotted => "dotted",
            Self::Checked => "checked",
        }
    }
}

pub(super) fn of_upper_body(figure: Pixels<'_>) -> Option<Pattern> {
    let patch = Patch::of(figure)?;
    let energy = patch.energy();
    if energy.sqrt() < LEAST {
        return None;
    }
    let (rows, columns) = (patch.row_means(), patch.column_means());
    let common = |means: &[f64]| means.iter().map(|m| m * m).sum::<f64>() / means.len() as f64 / energy;
    // Stripes along one direction would seem to repeat in the other one too.
    let (down, period) = patch.less(|at| columns[at % patch.wide]).repeats(|lag| (0, lag));
    let (aside, width) = patch.less(|at| rows[at / patch.wide]).repeats(|lag| (lag, 0));
    let staggered = (patch.alike(width / 2, period / 2) - patch.alike(0, period / 2)) / 2.0;

    if down >= 0.66 && common(&rows) >= 0.55 && (6..=12).contains(&period) {
        Some(Pattern::Striped)
    } else if staggered >= 0.22 && aside >= 0.33 && width <= 9 {
        Some(Pattern::Dotted)
    } else if down >= 0.45 && aside >= 0.15 && common(&columns) >= 0.18 {
        Some(Pattern::Checked)
    } else {
        None
    }
}

/// Lightness and colour in one number, without shading.
struct Patch {
    values: Vec<f64>,
    wide: usize,
    high: usize,
}

impl Patch {
    /// `None` where the figure is too slim for it.
    fn of(figure: Pixels<'_>) -> Option<Self> {
        let Pixels { across, labs, solid, .. } = figure;
        let down = (labs.len() / across) as f64;
        let (rows, columns) = ((FROM * down) as usize..(TO * down) as usize, across / 2 - HALF..across / 2 + HALF);
        let (high, wide) = (rows.len(), columns.len());
        let places: Vec<usize> =
            rows.flat_map(|row| columns.clone().map(move |column| row * across + column)).collect();
        if places.iter().filter(|&&at| solid[at]).count() * 20 < places.len() * 19 {
            return None;
        }
        let values: Vec<f64> = places.iter().map(|&at| f64::from(labs[at].iter().sum::<f32>())).collect();
        let whole = Self { values, wide, high };
        Some(whole.less(|at| whole.around(at)))
    }

    fn less(&self, what: impl Fn(usize) -> f64) -> Self {
        let values = self.values.iter().enumerate().map(|(at, value)| value - what(at)).collect();
        Self { values, ..*self }
    }

    fn around(&self, at: usize) -> f64 {
        const REACH: usize = 6;
        let (x, y) = (at % self.wide, at / self.wide);
        let columns = x.saturating_sub(REACH)..(x + REACH + 1).min(self.wide);
        let rows = y.saturating_sub(REACH)..(y + REACH + 1).min(self.high);
        let count = (columns.len() * rows.len()) as f64;
        rows.map(|row| self.values[row * self.wide..][columns.clone()].iter().sum::<f64>()).sum::<f64>() / count
    }

    fn energy(&self) -> f64 {
        self.values.iter().map(|value| value * value).sum::<f64>() / self.values.len() as f64
    }

    fn row_means(&self) -> Vec<f64> {
        self.values.chunks_exact(self.wide).map(|row| row.iter().sum::<f64>() / self.wide as f64).collect()
    }

    fn column_means(&self) -> Vec<f64> {
        let column = |x: usize| self.values.iter().skip(x).step_by(self.wide).sum::<f64>() / self.high as f64;
        (0..self.wide).map(column).collect()
    }

    /// -1 to 1: the correlation with itself, moved.
    fn alike(&self, aside: usize, down: usize) -> f64 {
        let (mut sum, mut here, mut there) = (0.0, 0.0, 0.0);
        for y in 0..self.high.saturating_sub(down) {
            for x in 0..self.wide.saturating_sub(aside) {
                let (a, b) = (self.values[y * self.wide + x], self.values[(y + down) * self.wide + x + aside]);
                sum += a * b;
                here += a * a;
                there += b * b;
            }
        }
        sum / (here * there).sqrt().max(1e-12)
    }

    /// How much more alike it is after a period than after half of one, and the period at which that is most.
    fn repeats(&self, way: impl Fn(usize) -> (usize, usize)) -> (f64, usize) {
        let alike = |lag: usize| {
            let (aside, down) = way(lag);
            self.alike(aside, down)
        };
        let gain = |lag: usize| ((alike(lag) - alike(lag / 2)) / 2.0, lag);
        PERIODS.map(gain).fold((-1.0, 0), |best, next| if next.0 > best.0 { next } else { best })
    }
}
