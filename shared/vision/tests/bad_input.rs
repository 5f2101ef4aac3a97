//! What comes from fal, from browsers and from strangers is rarely what was asked for. Whatever comes has a verdict or
//! a named reason for having none; nothing panics and no score is made up.
//!
//! The files of `data/` are one drawn figure, written by Pillow: the formats that `image` reads but cannot write.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, Rgb, RgbImage, imageops};
use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::consistency::{Figure, NoFigure, Relation, Report, SetReport, Verdict, compare, verify_set};
use likeness_vision::sheet::{pair_sheet, set_sheet};
use likeness_vision::specification::measure;
use likeness_vision::{Limits, Picture, decode, palette, quality};

const WALL: [u8; 3] = [226, 226, 222];

fn drawing(angle: u16) -> RgbImage {
    let canvas = Canvas { width: 320, height: 320, background: WALL };
    let look = Look::from_prompt("a red-haired knight with a blue cape", 7);
    draw_character(&look, View::level(f64::from(angle)), Style::Soft, &canvas, &Defects::default())
}

fn picture(image: RgbImage) -> Picture {
    Picture::from_rgb(image.width(), image.height(), image.into_raw())
}

fn flat(width: u32, height: u32, colour: [u8; 3]) -> Picture {
    Picture::from_rgb(width, height, colour.repeat((width * height) as usize))
}

fn png(pixels: &[u8], (width, height): (u32, u32), colour: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(pixels, width, height, colour).expect("these pixels are a PNG");
    bytes
}

fn figure(bytes: &[u8]) -> Figure {
    let picture = decode(bytes, &Limits::default()).expect("it is a picture");
    Figure::of(&picture).expect("it has a figure")
}

fn no_figure(picture: &Picture) -> NoFigure {
    Figure::of(picture).map(|_| ()).expect_err("there is no figure")
}

/// A figure compared with itself is itself, whatever file it came in.
#[track_caller]
fn assert_like_itself(figure: &Figure) {
    let report = compare(figure, figure, Relation::Same);
    assert_eq!((report.overall, report.passed), (Some(1.0), true));
    assert!(report.checks().iter().all(|(_, verdict)| verdict.score() == Some(1.0)));
}

#[track_caller]
fn assert_alike(report: &Report) {
    assert!(report.passed && report.overall.is_some_and(|overall| overall > 0.9), "{:?}", report.overall);
}

/// Every number there is lies between 0 and 1, and what has no number says why.
#[track_caller]
fn assert_honest(report: &Report) {
    for (name, verdict) in report.checks() {
        match verdict {
            Verdict::Judged(check) => assert!((0.0..=1.0).contains(&check.score), "{name}: {}", check.score),
            Verdict::NotJudged { reason } => assert!(!reason.is_empty(), "{name}"),
        }
    }
    assert!(report.overall.is_none_or(|overall| (0.0..=1.0).contains(&overall)));
    assert!(report.overall.is_some() || !report.passed);
}

#[test]
fn no_bytes_and_animations_are_refused_by_name() {
    let limits = Limits::default();
    let code = |bytes: &[u8]| decode(bytes, &limits).unwrap_err().code();
    assert_eq!(code(b""), "not_an_image");
    assert_eq!(code(include_bytes!("data/animated.gif")), "not_an_image");
    assert_eq!(code(include_bytes!("data/animated.webp")), "animated_image");
    assert_eq!(code(include_bytes!("data/animated.png")), "animated_image");
}

#[test]
fn one_colour_has_no_figure_and_no_quality() {
    for colour in [[0, 0, 0], [255, 255, 255], [180, 90, 60]] {
        let picture = flat(512, 512, colour);
        assert_eq!(no_figure(&picture), NoFigure::Nothing);
        let found = quality(&picture);
        assert!(found.blank && found.score == 0.0, "{colour:?}: {found:?}");
        assert_eq!(palette(&picture, 5).len(), 1);
    }
}

#[test]
fn one_pixel_is_too_small_but_a_picture() {
    let picture = decode(&flat(1, 1, [9, 200, 9]).to_png(), &Limits::default()).unwrap();
    assert_eq!(no_figure(&picture), NoFigure::TooSmall);
    assert_eq!(quality(&picture).score, 0.0);
    assert_eq!(palette(&picture, 5).len(), 1);
    assert!(!picture.thumbnail(160).to_webp().is_empty());
}

#[test]
fn sixteen_bits_are_judged_as_eight() {
    let eight = drawing(0);
    let sixteen: ImageBuffer<Rgb<u16>, Vec<u16>> = DynamicImage::ImageRgb8(eight.clone()).into_rgb16();
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb16(sixteen).write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
    let deep = decode(&bytes, &Limits::default()).unwrap();
    assert_eq!(deep, picture(eight));
    assert_like_itself(&Figure::of(&deep).unwrap());
}

#[test]
fn cmyk_and_palettes_are_judged() {
    let palette = figure(include_bytes!("data/palette.png"));
    assert_like_itself(&palette);
    let cmyk = figure(include_bytes!("data/cmyk.jpg"));
    assert_like_itself(&cmyk);
    // The same figure in another file: were CMYK read inverted, no check of colours would pass.
    assert_alike(&compare(&palette, &cmyk, Relation::Same));
}

#[test]
fn a_cut_out_figure_stands_on_white() {
    let drawn = drawing(0);
    let mut cut = Vec::new();
    for pixel in drawn.pixels() {
        let backdrop = pixel.0.iter().zip(WALL).all(|(a, b)| a.abs_diff(b) < 26);
        cut.extend([pixel[0], pixel[1], pixel[2], if backdrop { 0 } else { 255 }]);
    }
    let cut = decode(&png(&cut, drawn.dimensions(), ExtendedColorType::Rgba8), &Limits::default()).unwrap();
    assert!(cut.has_alpha());
    match Figure::of(&cut) {
        Ok(figure) => {
            assert_like_itself(&figure);
            assert_honest(&compare(&Figure::of(&picture(drawn)).unwrap(), &figure, Relation::Same));
        }
        Err(reason) => panic!("the knight has no white at its outline: {reason}"),
    }
    assert_eq!(no_figure(&Picture::from_rgba(300, 300, vec![0; 360_000])), NoFigure::Nothing);
}

/// Orientation 3 is a camera held upside down.
#[test]
fn a_picture_turned_by_its_exif_is_judged_upright() {
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0";
    let exif = [b"Exif\0\0".as_slice(), tiff].concat();
    let jpeg = |image: &RgbImage| {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(image).unwrap();
        bytes
    };
    let upright = figure(&jpeg(&drawing(0)));
    let fallen = jpeg(&imageops::rotate180(&drawing(0)));
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let marked = figure(&[&fallen[..2], b"\xff\xe1", &length, &exif, &fallen[2..]].concat());
    let report = compare(&upright, &marked, Relation::Same);
    assert!(report.passed && report.overall.is_some_and(|overall| overall > 0.97), "{:?}", report.overall);
    // Without the mark it is upside down, and that is seen.
    assert!(!compare(&upright, &figure(&fallen), Relation::Same).passed);
}

#[test]
fn eight_thousand_pixels_to_a_side_are_judged() {
    for (width, height) in [(8000, 1000), (1000, 8000)] {
        let mut image = RgbImage::from_pixel(width, height, Rgb(WALL));
        let figure = imageops::resize(&drawing(0), 900, 900, imageops::FilterType::Triangle);
        imageops::replace(&mut image, &figure, i64::from(width / 2 - 450), i64::from(height / 2 - 450));
        let bytes = png(&image, (width, height), ExtendedColorType::Rgb8);
        let huge = decode(&bytes, &Limits::default()).unwrap();
        assert!((0.0..=1.0).contains(&quality(&huge).score) && !palette(&huge, 5).is_empty());
        match Figure::of(&huge) {
            Ok(figure) => assert_like_itself(&figure),
            // At a longest side of 400 pixels it is less than 48 high.
            Err(reason) => assert_eq!(reason, NoFigure::TooSmall),
        }
    }
}

#[test]
fn nobody_and_two_are_named() {
    assert_eq!(no_figure(&flat(300, 300, WALL)), NoFigure::Nothing);
    let mut two = RgbImage::from_pixel(640, 320, Rgb(WALL));
    imageops::replace(&mut two, &drawing(0), 0, 0);
    imageops::replace(&mut two, &drawing(90), 320, 0);
    assert_eq!(no_figure(&picture(two)), NoFigure::SeveralFigures);
}

#[test]
fn a_set_of_one_is_the_picture_itself() {
    let only = drawing(0);
    let figure = Figure::of(&picture(only.clone())).unwrap();
    assert_like_itself(&figure);
    let report = verify_set(&figure, &[(0, figure.clone())]);
    assert_eq!((report.overall, report.passed, report.issues.len()), (Some(1.0), true, 0));
}

/// Two runs from the bytes, each in threads of its own: nothing depends on when or where.
#[test]
fn the_same_bytes_give_the_same_reports_and_sheets() {
    let files: Vec<(u16, Vec<u8>)> = [0, 60, 90, 180].map(|angle| (angle, picture(drawing(angle)).to_png())).into();
    let run = || {
        let pictures: Vec<(u16, Picture)> =
            files.iter().map(|(angle, bytes)| (*angle, decode(bytes, &Limits::default()).unwrap())).collect();
        let figures: Vec<(u16, Figure)> =
            pictures.iter().map(|(angle, picture)| (*angle, Figure::of(picture).unwrap())).collect();
        let set: SetReport = verify_set(&figures[0].1, &figures);
        let pair = compare(&figures[0].1, &figures[2].1, Relation::Turned);
        let views: Vec<(u16, &Picture)> = pictures.iter().map(|(angle, picture)| (*angle, picture)).collect();
        [
            serde_json::to_string(&set).unwrap(),
            serde_json::to_string(&pair).unwrap(),
            serde_json::to_string(&measure(&figures[1].1)).unwrap(),
            set_sheet(&pictures[0].1, &views, &set),
            pair_sheet(&pictures[0].1, &pictures[2].1, &pair),
        ]
    };
    let [first, second] = std::thread::scope(|scope| {
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap())
    });
    assert_eq!(first, second);
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }

    fn colour(&mut self) -> [u8; 3] {
        let [r, g, b, ..] = self.next().to_le_bytes();
        [r, g, b]
    }
}

/// Of anything that is a picture: numbers in their ranges, or a name. Says whether there was a figure.
fn assert_answered(picture: &Picture) -> bool {
    let found = quality(picture);
    let numbers = [found.score, found.sharpness, found.exposure, found.noise, found.blockiness, found.resolution];
    assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)), "{picture:?}: {found:?}");
    let swatches = palette(picture, 6);
    assert!(swatches.len() <= 6 && swatches.iter().all(|swatch| swatch.share > 0.0 && swatch.share <= 1.0));
    let Ok(figure) = Figure::of(picture) else { return false };
    let specification = measure(&figure);
    assert!(specification.palette.len() <= 6 && !specification.texture_words.is_empty());
    let colours = specification.palette.iter().map(|colour| (&colour.hex, colour.share));
    for (hex, share) in colours.chain(specification.parts.iter().map(|part| (&part.hex, part.share))) {
        assert!(hex.len() == 7 && (0.0..=1.0).contains(&share), "{specification:?}");
    }
    assert!(specification.head_to_body_ratio.is_none_or(|heads| (1.0..20.0).contains(&heads)));
    assert!(specification.differences(&specification).is_empty());
    assert_like_itself(&figure);
    true
}

#[test]
fn small_random_pictures_are_answered() {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    for _ in 0..400 {
        let (width, height) = (1 + chance.below(40), 1 + chance.below(40));
        let alpha = chance.below(4) == 0;
        let bytes = width * height * if alpha { 4 } else { 3 };
        let pixels = (0..bytes).map(|_| chance.next() as u8).collect();
        let picture =
            if alpha { Picture::from_rgba(width, height, pixels) } else { Picture::from_rgb(width, height, pixels) };
        assert_answered(&picture);
    }
}

/// Boxes of any colour, place and size before a plain wall: some of them are figures.
#[test]
fn random_boxes_are_answered() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut figures = 0;
    for _ in 0..80 {
        let (width, height) = (20 + chance.below(120), 50 + chance.below(120));
        let mut image = RgbImage::from_pixel(width, height, Rgb(chance.colour()));
        for _ in 0..1 + chance.below(4) {
            let (left, top) = (chance.below(width), chance.below(height));
            let block = RgbImage::from_pixel(1 + chance.below(width), 1 + chance.below(height), Rgb(chance.colour()));
            imageops::replace(&mut image, &block, left.into(), top.into());
        }
        figures += u32::from(assert_answered(&picture(image)));
    }
    assert!(figures >= 5, "only {figures} figures: this tests too little");
}
