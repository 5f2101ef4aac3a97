//! PNG's chunks, read without decoding. <https://www.w3.org/TR/png-3/#5DataRep>
//!
//! The decoder is given nothing but pixels and what they need. What stands beside them (texts, profiles, EXIF) is read
//! here, and damage or size of it is no damage of the picture.

use crate::colour::{Chromaticities, CodePoints, Gamma, Said};

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// From IHDR, which must come first.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = Chunks::of(bytes).next().filter(|chunk| chunk.kind == *b"IHDR")?;
    Some((number(header.data, 0)?, number(header.data, 4)?))
}

/// Xcode's variant, which other programs do not read: channels in another order, and compressed without a header.
pub(super) fn is_apples(bytes: &[u8]) -> bool {
    before_pixels(bytes).any(|chunk| chunk.kind == *b"CgBI")
}

/// An APNG announces its frames before the first pixel. One frame is a still picture, and so is what has no second one.
pub(super) fn is_animated(bytes: &[u8]) -> bool {
    let frames = || Chunks::of(bytes).filter(|chunk| chunk.kind == *b"fcTL").take(2).count();
    announced_frames(bytes).is_some_and(|announced| announced > 1) && frames() > 1
}

fn announced_frames(bytes: &[u8]) -> Option<u32> {
    let control = before_pixels(bytes).find(|chunk| chunk.kind == *b"acTL" && chunk.data.len() == 8)?;
    number(control.data, 0)
}

/// Whether the last chunk is there with all its bytes. The decoder itself checks the sums of what comes before.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Chunks::of(bytes).any(|chunk| chunk.kind == *b"IEND" && chunk.complete)
}

/// What is shown of a file, as a plain PNG.
pub(super) struct Still {
    pub(super) png: Vec<u8>,
    /// Where it lies, if it does not fill the picture: left and top.
    pub(super) offset: Option<(u32, u32)>,
}

/// The one frame of an animation whose default image is for viewers that know of no animations; else the image itself.
pub(super) fn still(bytes: &[u8]) -> Still {
    if announced_frames(bytes) == Some(1)
        && let Some(frame) = lone_frame(bytes)
    {
        return frame;
    }
    let mut png = SIGNATURE.to_vec();
    for chunk in Chunks::of(bytes).filter(Chunk::is_needed) {
        png.extend(chunk.whole);
    }
    Still { png, offset: None }
}

/// A frame that is no part of the default image: its data follow that in chunks of another name.
fn lone_frame(bytes: &[u8]) -> Option<Still> {
    if before_pixels(bytes).any(|chunk| chunk.kind == *b"fcTL") {
        return None;
    }
    let control = Chunks::of(bytes).find(|chunk| chunk.kind == *b"fcTL" && chunk.data.len() == 26)?.data;
    let [width, height, left, top] = [4, 8, 12, 16].map(|at| number(control, at));
    let (width, height, left, top) = (width?, height?, left?, top?);
    let (whole_width, whole_height) = dimensions(bytes)?;
    if width == 0 || height == 0 || left.checked_add(width)? > whole_width || top.checked_add(height)? > whole_height {
        return None;
    }
    let mut header = Chunks::of(bytes).next()?.data.to_vec();
    header.get_mut(0..4)?.copy_from_slice(&width.to_be_bytes());
    header.get_mut(4..8)?.copy_from_slice(&height.to_be_bytes());
    let mut png = SIGNATURE.to_vec();
    append(&mut png, b"IHDR", &header);
    for chunk in before_pixels(bytes).skip(1).filter(Chunk::is_needed) {
        png.extend(chunk.whole);
    }
    let mut data = Chunks::of(bytes).filter(|chunk| chunk.kind == *b"fdAT" && chunk.is_sound()).peekable();
    data.peek()?;
    for chunk in data {
        append(&mut png, b"IDAT", chunk.data.get(4..)?);
    }
    append(&mut png, b"IEND", &[]);
    let fills = (width, height) == (whole_width, whole_height);
    Some(Still { png, offset: (!fills).then_some((left, top)) })
}

fn append(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let start = png.len() + 4;
    png.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    png.extend(kind);
    png.extend(data);
    let sum = crc32fast::hash(&png[start..]);
    png.extend(sum.to_be_bytes());
}

/// How the camera was held, in EXIF's words. The chunk may stand before or behind the pixels.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    Chunks::of(bytes).find(|chunk| chunk.kind == *b"eXIf" && chunk.is_sound()).map(|chunk| chunk.data)
}

/// What it says of its colours, the most exact first: cICP, iCCP, sRGB, and gAMA with cHRM. `None` for sRGB.
pub(super) fn said(bytes: &[u8]) -> Vec<Said> {
    let find = |kind: &[u8; 4]| before_pixels(bytes).find(|chunk| chunk.kind == *kind && chunk.is_sound());
    let points = find(b"cICP").and_then(|chunk| match *chunk.data {
        [primaries, transfer, matrix, range] => {
            Some(Said::Cicp(CodePoints { primaries, transfer, matrix, full_range: range != 0 }))
        }
        _ => None,
    });
    let profile = find(b"iCCP").and_then(|chunk| unfolded(chunk.data)).map(Said::Icc);
    let gamma = find(b"sRGB").is_none().then(|| {
        let hundred_thousandths = |value: u32| f64::from(value) / 100_000.0;
        Said::Gamma(Gamma {
            encoding: find(b"gAMA").and_then(|chunk| number(chunk.data, 0)).map(hundred_thousandths),
            chromaticities: find(b"cHRM").and_then(|chunk| chromaticities(chunk.data)),
            grey: Chunks::of(bytes).next().and_then(|header| header.data.get(9)).is_some_and(|kind| kind & 2 == 0),
        })
    });
    points.into_iter().chain(profile).chain(gamma).collect()
}

/// Behind a name and the method of compression, of which there is one.
fn unfolded(data: &[u8]) -> Option<Vec<u8>> {
    let name = data.iter().take(80).position(|&byte| byte == 0)?;
    let stream = data.get(name + 1..)?.strip_prefix(&[0])?;
    fdeflate::decompress_to_vec_bounded(stream, crate::colour::LONGEST_PROFILE).ok()
}

fn chromaticities(data: &[u8]) -> Option<Chromaticities> {
    let point = |at: usize| {
        let [x, y] = [at, at + 4].map(|at| number(data, at));
        Some([f64::from(x?) / 100_000.0, f64::from(y?) / 100_000.0])
    };
    Some(Chromaticities { white: point(0)?, red: point(8)?, green: point(16)?, blue: point(24)? })
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn before_pixels(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    Chunks::of(bytes).take_while(|chunk| chunk.kind != *b"IDAT")
}

/// One chunk; of the last one of a cut file, what there is.
struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// With length, type and checksum.
    whole: &'a [u8],
    complete: bool,
}

impl Chunk<'_> {
    /// Pixels do not unfold without it: critical by the standard, or the transparency of a palette.
    fn is_needed(&self) -> bool {
        self.kind[0] & 0x20 == 0 || self.kind == *b"tRNS"
    }

    fn is_sound(&self) -> bool {
        self.complete && self.whole.ends_with(&crc32fast::hash(&self.whole[4..self.whole.len() - 4]).to_be_bytes())
    }
}

struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 8 }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let head: [u8; 8] = self.bytes.get(start..start.checked_add(8)?)?.try_into().ok()?;
        let [l0, l1, l2, l3, kind @ ..] = head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        self.at = start.checked_add(length)?.checked_add(12)?;
        let end = self.bytes.len();
        Some(Chunk {
            kind,
            data: &self.bytes[start + 8..(start + 8 + length).min(end)],
            whole: &self.bytes[start..self.at.min(end)],
            complete: self.at <= end,
        })
    }
}
