//! The pixel work of one image, away from the async threads.

use std::collections::BTreeMap;

use bytes::Bytes;
use likeness_domain::{
    failure::{Failure, FailureCode},
    measured::Measured,
    storage_plan::Slot,
};
use likeness_vision::{
    Format, Limits, Picture, Rejected, colour_presence,
    consistency::{Figure, Nature},
    decode, palette, quality,
    specification::measure,
};
use sha2::{Digest, Sha256};

/// How long the longer side of a thumbnail is.
const THUMBNAIL: u32 = 256;
/// How many colours a palette has at most.
const COLOURS: usize = 6;

/// An image that passed the checks, in the forms in which it is kept.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) original: Encoded,
    pub(crate) webp: Encoded,
    pub(crate) thumbnail: Encoded,
    pub(crate) quality_score: f64,
    pub(crate) quality: BTreeMap<String, f64>,
    pub(crate) palette: Vec<String>,
    /// What its figure looks like, where that was wanted and there is one.
    pub(crate) measured: Option<Measured>,
    /// How well it shows each reference, by slot.
    pub(crate) reference_scores: BTreeMap<String, f64>,
}

/// Bytes with their type and hash.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: &'static str,
    pub(crate) extension: &'static str,
    pub(crate) sha256: String,
}

impl Encoded {
    fn new(bytes: Bytes, content_type: &'static str, extension: &'static str) -> Self {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Self { bytes, content_type, extension, sha256 }
    }
}

/// What is to be found out about a picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// What it is put together from.
    pub(crate) slots: Vec<Slot>,
    /// It is a definitive picture: what its figure looks like holds from here on.
    pub(crate) figure: Option<Nature>,
}

/// Checks, decodes, measures and encodes.
pub(crate) fn prepare(bytes: Bytes, limits: &Limits, wanted: &Wanted) -> Result<Prepared, Rejected> {
    let header = likeness_vision::inspect(&bytes, limits)?;
    let picture = decode(&bytes, limits)?;
    let measured = quality(&picture);
    let parts = [
        ("sharpness", measured.sharpness),
        ("exposure", measured.exposure),
        ("noise", measured.noise),
        ("blockiness", measured.blockiness),
        ("resolution", measured.resolution),
    ];
    Ok(Prepared {
        width: picture.width(),
        height: picture.height(),
        webp: Encoded::new(picture.to_webp().into(), "image/webp", "webp"),
        thumbnail: Encoded::new(picture.thumbnail(THUMBNAIL).to_webp().into(), "image/webp", "thumbnail.webp"),
        original: Encoded::new(bytes, header.format.content_type(), extension_of_original(header.format)),
        quality_score: measured.score,
        quality: parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        palette: palette(&picture, COLOURS).into_iter().map(|swatch| swatch.hex).collect(),
        measured: wanted.figure.and_then(|nature| specification(&picture, nature)),
        reference_scores: wanted
            .slots
            .iter()
            .filter_map(|slot| Some((slot.slot.clone(), colour_presence(&picture, &slot.palette)?)))
            .collect(),
    })
}

/// In the words of what it is: a bowl has no head.
fn specification(picture: &Picture, nature: Nature) -> Option<Measured> {
    let figure = Figure::of(picture).ok()?;
    Some(crate::measured::measured(match nature {
        Nature::Person => measure(&figure),
        Nature::Thing => measure(&figure.as_thing()),
    }))
}

/// Never that of the variants: the three lie side by side.
fn extension_of_original(format: Format) -> &'static str {
    match format {
        Format::Png | Format::Jpeg => format.extension(),
        Format::Webp => "original.webp",
    }
}

/// The reason that a job is given for an image that did not pass.
pub(crate) fn failure(rejected: &Rejected) -> Failure {
    let code = match rejected {
        Rejected::TooLarge { .. } => FailureCode::ImageTooLarge,
        Rejected::NotAnImage { .. } | Rejected::AppleVariant | Rejected::Animated { .. } => FailureCode::NotAnImage,
        Rejected::TooManyPixels { .. } => FailureCode::TooManyPixels,
        Rejected::Corrupt { .. } => FailureCode::CorruptImage,
    };
    Failure::new(code, format!("fal delivered {rejected}"))
}
