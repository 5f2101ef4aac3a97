//! A contact sheet: pictures in, one PNG out.

use std::io::Cursor;

use image::{
    ImageError, ImageFormat, Rgb, RgbImage,
    imageops::{self, FilterType},
};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};

/// A view is fitted into a square of this side.
const CELL: u32 = 320;
const CAPTION: u32 = 44;
const GAP: u32 = 16;
const MARGIN: u32 = 32;
const TITLE: u32 = 56;
/// A large picture is as wide as two views.
const LARGE: u32 = 2 * CELL + GAP;

const PAPER: Rgb<u8> = Rgb([250, 250, 248]);
const INK: Rgb<u8> = Rgb([40, 40, 44]);

// Noto Sans Mono, drawn in advance: has the °, is smooth, and needs neither a font file nor a rasteriser.
const WEIGHT: FontWeight = FontWeight::Regular;
const LINE: RasterHeight = RasterHeight::Size32;

/// A picture and what stands below it.
pub(crate) struct Entry {
    pub(crate) image: RgbImage,
    pub(crate) caption: String,
}

/// `views` in a grid that is nearly square, the `large` ones below each other at its left. A PNG.
///
/// # Errors
/// Where it cannot be encoded.
pub(crate) fn contact_sheet(title: &str, large: &[Entry], views: &[Entry]) -> Result<Vec<u8>, ImageError> {
    let columns = columns(views.len());
    let rows = (views.len() as u32).div_ceil(columns);
    let large_height: u32 = large.iter().map(|entry| height_of_large(&entry.image) + CAPTION + GAP).sum();
    let width = MARGIN + LARGE + columns * (GAP + CELL) + MARGIN;
    let height = MARGIN + TITLE + large_height.max(rows * (CELL + CAPTION + GAP)) - GAP + MARGIN;
    let mut sheet = RgbImage::from_pixel(width, height, PAPER);
    write(&mut sheet, title, MARGIN, MARGIN);
    let mut y = MARGIN + TITLE;
    for entry in large {
        let frame = Frame { x: MARGIN, y, width: LARGE, height: height_of_large(&entry.image) };
        place(&mut sheet, entry, &frame);
        y += frame.height + CAPTION + GAP;
    }
    for (entry, index) in views.iter().zip(0..) {
        let x = MARGIN + LARGE + GAP + index % columns * (CELL + GAP);
        let y = MARGIN + TITLE + index / columns * (CELL + CAPTION + GAP);
        place(&mut sheet, entry, &Frame { x, y, width: CELL, height: CELL });
    }
    let mut png = Cursor::new(Vec::new());
    sheet.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// Never fewer than rows.
fn columns(views: usize) -> u32 {
    (views as f64).sqrt().ceil().max(1.0) as u32
}

fn height_of_large(image: &RgbImage) -> u32 {
    LARGE * image.height() / image.width().max(1)
}

struct Frame {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// The whole picture in the middle of the frame, and its caption below.
fn place(sheet: &mut RgbImage, entry: &Entry, frame: &Frame) {
    let (width, height) = (f64::from(entry.image.width()), f64::from(entry.image.height()));
    let scale = (f64::from(frame.width) / width).min(f64::from(frame.height) / height);
    let fitted = |side: f64| ((side * scale).round() as u32).max(1);
    let image = imageops::resize(&entry.image, fitted(width), fitted(height), FilterType::CatmullRom);
    let x = frame.x + frame.width.saturating_sub(image.width()) / 2;
    let y = frame.y + frame.height.saturating_sub(image.height()) / 2;
    imageops::replace(sheet, &image, x.into(), y.into());
    let indent = frame.width.saturating_sub(width_of(&entry.caption)) / 2;
    write(sheet, &entry.caption, frame.x + indent, frame.y + frame.height + (CAPTION - LINE.val() as u32) / 2);
}

fn width_of(text: &str) -> u32 {
    (text.chars().count() * get_raster_width(WEIGHT, LINE)) as u32
}

/// One line from `left` and `top` on; what does not fit on the sheet is cut off.
fn write(sheet: &mut RgbImage, text: &str, left: u32, top: u32) {
    let glyphs = text.chars().filter_map(|letter| glyph(letter).or_else(|| glyph('?')));
    for (glyph, index) in glyphs.zip(0..) {
        for (row, y) in glyph.rows().zip(top..) {
            for (coverage, x) in row.iter().zip(left + index * glyph.width() as u32..) {
                if let Some(pixel) = sheet.get_pixel_mut_checked(x, y) {
                    *pixel = mixed(*pixel, INK, *coverage);
                }
            }
        }
    }
}

fn glyph(letter: char) -> Option<RasterizedChar> {
    get_raster(letter, WEIGHT, LINE)
}

fn mixed(below: Rgb<u8>, above: Rgb<u8>, coverage: u8) -> Rgb<u8> {
    let share = u16::from(coverage);
    let channel = |index: usize| {
        let sum = u16::from(below.0[index]) * (255 - share) + u16::from(above.0[index]) * share;
        (sum / 255) as u8
    };
    Rgb([channel(0), channel(1), channel(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(width: u32, height: u32, red: u8, caption: &str) -> Entry {
        Entry { image: RgbImage::from_pixel(width, height, Rgb([red, 0, 0])), caption: caption.to_owned() }
    }

    fn sheet(title: &str, large: &[Entry], views: &[Entry]) -> RgbImage {
        image::load_from_memory(&contact_sheet(title, large, views).unwrap()).unwrap().into_rgb8()
    }

    /// How much ink a line holds.
    fn ink(text: &str) -> u32 {
        let mut paper = RgbImage::from_pixel(400, 40, PAPER);
        write(&mut paper, text, 0, 0);
        paper.pixels().filter(|pixel| **pixel != PAPER).count() as u32
    }

    #[test]
    fn twelve_views_stand_in_four_columns_beside_the_large_ones() {
        let views: Vec<Entry> = (0..12).map(|index| entry(64, 64, 20 * index, "0°")).collect();
        let sheet = sheet("keeper", &[entry(64, 64, 250, "master"), entry(160, 90, 251, "scene")], &views);
        assert_eq!(sheet.dimensions(), (32 + 656 + 4 * 336 + 32, 32 + 56 + 656 + 60 + 369 + 44 + 32));
        for (view, index) in (0..12).zip(0_u8..) {
            let (x, y) = (704 + view % 4 * 336, 88 + view / 4 * 380);
            for (x, y) in [(x, y), (x + 319, y + 319), (x + 160, y + 160)] {
                assert_eq!(sheet.get_pixel(x, y).0, [20 * index, 0, 0], "view {view}");
            }
            assert_eq!(*sheet.get_pixel(x + 320, y), PAPER);
        }
        assert_eq!((sheet.get_pixel(687, 743).0, sheet.get_pixel(32, 804).0), ([250, 0, 0], [251, 0, 0]));
    }

    #[test]
    fn other_counts_are_nearly_square_and_pictures_keep_their_shape() {
        assert_eq!([1, 2, 4, 8, 9, 12, 36].map(columns), [1, 2, 2, 3, 3, 4, 6]);
        let tall = sheet("", &[], &[entry(50, 100, 200, "")]);
        assert_eq!(tall.dimensions(), (32 + 656 + 336 + 32, 32 + 56 + 364 + 32));
        let reds = (704..1024).filter(|x| tall.get_pixel(*x, 200).0 == [200, 0, 0]).count();
        assert_eq!((reds, *tall.get_pixel(704, 200)), (160, PAPER));
    }

    #[test]
    fn text_is_drawn_degrees_too_and_never_beyond_the_sheet() {
        assert!(ink("°") > 10 && ink("°") != ink("?"));
        assert_eq!(ink("\u{706f}"), ink("?"), "what the font has not");
        let long = "x".repeat(500);
        assert_eq!(sheet(&long, &[], &[entry(9, 9, 1, &long)]).width(), 1056);
    }
}
