//! What a reference image shows.
//!
//! The emulator remembers every image that it drew: by the path of its URL, by the hash of its bytes, and by a coarse
//! thumbnail, because a customer may re-encode an image and hand in a copy from a bucket of its own. An image that it
//! never drew gets a look from its colours and its hash, and is remembered from then on.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::StreamExt;
use image::{DynamicImage, GenericImageView, ImageReader};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    drawing::{Drawing, Origin, Subject},
    emulation::Emulation,
    fault::StyleName,
};

/// fal's downloader takes at most this much per image.
const LARGEST_DOWNLOAD: usize = 50 * 1024 * 1024;
/// fal refuses larger images before decoding them.
const MOST_PIXELS: u64 = 89_478_485;
const THUMBNAIL_SIDE: u32 = 12;
/// Mean difference per channel below which two thumbnails are of the same image. Measured: JPEG at quality 60 moves one
/// by 0.9, halving the size by 0.1; the two most alike of twelve figures are 2.9 apart.
const SAME_IMAGE: f64 = 2.0;

/// One image that was drawn or seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) path: Option<String>,
    pub(super) sha256: String,
    /// Hex of the RGB bytes.
    pub(super) thumbnail: String,
    pub(super) origin: Origin,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// All images that were drawn or seen.
pub(super) struct KnownImages(Mutex<Index>);

/// By what an image is found again. The first of equal ones counts.
#[derive(Default)]
struct Index {
    by_path: HashMap<String, usize>,
    by_sha256: HashMap<String, usize>,
    images: Vec<(Vec<u8>, Reference)>,
}

#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) origin: Origin,
    pub(super) size: (u32, u32),
}

/// Why a reference is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    Download,
    TooManyBytes,
    NotAnImage,
    TooManyPixels,
}

impl KnownImages {
    pub(super) fn new(known: Vec<Known>) -> Self {
        let images = Self(Mutex::default());
        known.into_iter().for_each(|known| images.add(known));
        images
    }

    pub(super) fn add(&self, known: Known) {
        let mut index = self.index();
        let number = index.images.len();
        let image = (hex::decode(&known.thumbnail).unwrap_or_default(), reference_of(&known));
        index.images.push(image);
        index.by_sha256.entry(known.sha256).or_insert(number);
        if let Some(path) = known.path {
            index.by_path.entry(path).or_insert(number);
        }
    }

    pub(super) fn at(&self, path: &str) -> Option<Reference> {
        let index = self.index();
        index.by_path.get(path).map(|number| index.images[*number].1.clone())
    }

    fn with(&self, sha256: &str) -> Option<Reference> {
        let index = self.index();
        index.by_sha256.get(sha256).map(|number| index.images[*number].1.clone())
    }

    fn nearest(&self, thumbnail: &[u8]) -> Option<Reference> {
        let index = self.index();
        let distances = index.images.iter().filter_map(|(other, image)| Some((distance(thumbnail, other)?, image)));
        let (distance, nearest) = distances.min_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (distance < SAME_IMAGE).then(|| nearest.clone())
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// An image and what it shows. Hashing is CPU work.
    pub(super) fn new(path: Option<String>, bytes: &[u8], thumbnail: &[u8], drawing: Drawing) -> Self {
        let Drawing { origin, width, height, .. } = drawing;
        let sha256 = hex::encode(Sha256::digest(bytes));
        Self { path, sha256, thumbnail: hex::encode(thumbnail), origin, width, height }
    }
}

/// Fetches a reference and finds out what it shows.
pub(super) async fn resolve(emulation: &Emulation, url: &str) -> Result<Reference, Unusable> {
    let path = url::Url::parse(url).ok().map(|url| url.path().to_owned());
    if let Some(known) = path.and_then(|path| emulation.known_images.at(&path)) {
        return Ok(known);
    }
    let bytes = fetch(emulation, url).await?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    if let Some(known) = emulation.known_images.with(&sha256) {
        return Ok(known);
    }
    let decoded =
        tokio::task::spawn_blocking(move || decode(&bytes).map(|image| (thumbnail_of(&image), image.dimensions())));
    let (thumbnail, (width, height)) = decoded.await.map_err(|_| Unusable::NotAnImage)??;
    if let Some(known) = emulation.known_images.nearest(&thumbnail) {
        return Ok(Reference { size: (width, height), ..known });
    }
    let origin = stranger(&thumbnail, &sha256);
    let known = Known { path: None, sha256, thumbnail: hex::encode(thumbnail), origin, width, height };
    let reference = reference_of(&known);
    if let Err(error) = emulation.store.save_known_image(&known) {
        tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator could not remember a reference");
    }
    emulation.known_images.add(known);
    Ok(reference)
}

async fn fetch(emulation: &Emulation, url: &str) -> Result<Vec<u8>, Unusable> {
    if let Some(data) = url.strip_prefix("data:") {
        let (_, encoded) = data.split_once(";base64,").ok_or(Unusable::Download)?;
        return BASE64_STANDARD.decode(encoded).map_err(|_| Unusable::Download);
    }
    let response = emulation.downloads.get(url).send().await.and_then(reqwest::Response::error_for_status);
    let mut chunks = response.map_err(|_| Unusable::Download)?.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| Unusable::Download)?);
        if bytes.len() > LARGEST_DOWNLOAD {
            return Err(Unusable::TooManyBytes);
        }
    }
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, Unusable> {
    let reader =
        || ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().map_err(|_| Unusable::NotAnImage);
    let (width, height) = reader()?.into_dimensions().map_err(|_| Unusable::NotAnImage)?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unusable::TooManyPixels);
    }
    reader()?.decode().map_err(|_| Unusable::NotAnImage)
}

pub(super) fn thumbnail_of(image: &DynamicImage) -> Vec<u8> {
    image.thumbnail_exact(THUMBNAIL_SIDE, THUMBNAIL_SIDE).into_rgb8().into_raw()
}

/// The mean difference per channel; `None` for thumbnails of different length.
fn distance(one: &[u8], other: &[u8]) -> Option<f64> {
    let total: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (one.len() == other.len()).then(|| total as f64 / one.len() as f64)
}

fn reference_of(known: &Known) -> Reference {
    Reference { origin: known.origin.clone(), size: (known.width, known.height) }
}

/// A look for an image that was not drawn here: hair from the upper middle, clothes from the centre.
fn stranger(thumbnail: &[u8], sha256: &str) -> Origin {
    let pixel = |x: u32, y: u32| {
        let at = ((y * THUMBNAIL_SIDE + x) * 3) as usize;
        thumbnail.get(at..at + 3).map_or([128; 3], |rgb| [rgb[0], rgb[1], rgb[2]])
    };
    let middle = THUMBNAIL_SIDE / 2;
    let (hair, clothes) = (colour_name(pixel(middle, 2)), colour_name(pixel(middle, middle)));
    let seed = sha256.get(..15).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
    Origin {
        subject: Subject::Character,
        prompt: format!("a character with {hair} hair, wearing a {clothes} coat"),
        seed,
        style: StyleName::Soft,
        figures: Vec::new(),
        lora: None,
    }
}

fn colour_name(rgb: [u8; 3]) -> &'static str {
    const NAMES: &[(&str, [u8; 3])] = &[
        ("black", [20, 20, 20]),
        ("white", [240, 240, 240]),
        ("grey", [128, 128, 128]),
        ("red", [200, 40, 40]),
        ("green", [50, 150, 60]),
        ("blue", [50, 80, 190]),
        ("yellow", [230, 210, 70]),
        ("orange", [230, 130, 40]),
        ("purple", [130, 60, 160]),
        ("pink", [240, 150, 180]),
        ("brown", [110, 70, 40]),
    ];
    let far = |other: &[u8; 3]| -> u32 { rgb.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum() };
    NAMES.iter().min_by_key(|(_, colour)| far(colour)).map_or("grey", |(name, _)| name)
}
