//! One figure, measured once: everything that later comparisons need, without the picture.

use super::canon::{COLUMNS, Canon};
use super::cells::Cells;
use super::facing::Facing;
use super::identity::Identity;
use super::landmarks::{Landmarks, Outline, Row};
use super::parts::Nature;
use super::segment::Segment;
use super::style::Manner;
use super::surface::Surface;
use crate::embedding::Embedder;
use crate::oklab::Lab;
use crate::picture::Picture;

/// A figure cut out of its picture and brought to one size. About 1.5 MB.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Which words fit it.
    pub nature: Nature,
    /// Heights of what is found on it.
    pub landmarks: Landmarks,
    pub(super) canon: Canon,
    /// The canon's frame in the picture, as shares: left, top, width, height.
    pub(super) frame: [f64; 4],
    pub(super) cells: Cells,
    pub(super) outline: Outline,
    pub(super) surface: Surface,
    pub(super) manner: Manner,
    pub(super) facing: Facing,
    /// `None` where it was measured without the network.
    pub(super) identity: Option<Identity>,
}

/// A figure's pixels in its own frame, for what is measured outside of the checks.
#[derive(Clone, Copy)]
pub(crate) struct Pixels<'a> {
    /// Pixels of a row; the figure's axis is in the middle.
    pub(crate) across: usize,
    pub(crate) labs: &'a [Lab],
    /// The figure.
    pub(crate) inside: &'a [bool],
    /// The figure without its rim.
    pub(crate) solid: &'a [bool],
    /// The frame in the picture, as shares: left, top, width, height.
    pub(crate) frame: [f64; 4],
}

/// Why no figure can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoFigure {
    /// Too little of the border has one colour, or all of the picture is figure.
    #[error("the backdrop is not plain")]
    BackdropNotPlain,
    /// Nothing stands before the backdrop.
    #[error("there is no figure")]
    Nothing,
    /// More than one thing of a figure's size.
    #[error("there are several figures")]
    SeveralFigures,
    /// Its colours are too near the backdrop's for its outline to be known.
    #[error("the figure has the backdrop's colours")]
    BlendsIn,
    /// Less than 48 pixels high once the picture's longest side is at most 400.
    #[error("the figure is too small")]
    TooSmall,
}

impl Figure {
    /// Finds and measures the figure of a picture with a plain backdrop.
    ///
    /// # Errors
    /// When there is not exactly one figure of some size before a plain backdrop of another colour.
    pub fn of(picture: &Picture) -> Result<Self, NoFigure> {
        Self::seen(picture, None)
    }

    /// The same with a learned network, which also tells who it is; about 40 ms more.
    ///
    /// # Errors
    /// As [`Figure::of`].
    pub fn seen(picture: &Picture, embedder: Option<&Embedder>) -> Result<Self, NoFigure> {
        let segment = Segment::of(picture)?;
        let (canon, frame) = Canon::of(&segment);
        let identity = embedder.map(|embedder| Identity::of(embedder, &segment));
        Ok(Self { identity, ..Self::measured(canon, frame) })
    }

    fn measured(canon: Canon, frame: [f64; 4]) -> Self {
        let outline = Outline::of(&canon);
        Self {
            nature: Nature::Person,
            landmarks: Landmarks::of(&canon, &outline),
            cells: Cells::of(&canon),
            surface: Surface::of(&canon),
            manner: Manner::of(&canon),
            facing: Facing::of(&canon),
            outline,
            canon,
            frame,
            identity: None,
        }
    }

    /// The same figure seen in a mirror.
    pub fn mirrored(&self) -> Self {
        let [left, top, width, height] = self.frame;
        // The network hardly sees which side is left.
        let identity = self.identity.clone();
        let mirrored = Self::measured(self.canon.mirrored(), [1.0 - left - width, top, width, height]);
        Self { nature: self.nature, identity, ..mirrored }
    }

    /// The same figure, spoken of as a thing.
    #[must_use]
    pub fn as_thing(self) -> Self {
        Self { nature: Nature::Thing, ..self }
    }

    /// Its width by its height.
    pub(crate) fn width_to_height(&self) -> f64 {
        let reach = |end: fn(&Row) -> f32| self.outline.0.iter().map(end).fold(f32::NEG_INFINITY, f32::max);
        f64::from(reach(|row| row.left) + reach(|row| row.right))
    }

    pub(crate) fn pixels(&self) -> Pixels<'_> {
        let Canon { labs, inside, solid } = &self.canon;
        Pixels { across: COLUMNS, labs, inside, solid, frame: self.frame }
    }
}
