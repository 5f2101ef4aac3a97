//! What a file says of its colours is honoured, in each format: the decoded picture is sRGB. Expected values were
//! computed apart, with the matrices of CSS Color 4.

use std::time::Instant;

use likeness_vision::{Limits, Picture, decode, palette};
use moxcms::ColorProfile;

use crate::files::{self, flat_jpeg, inks_profile, jpeg_with, png_of, webp_with};

/// The case's pixel: in Adobe RGB 200, 60, 40 is 231, 57, 34 in sRGB; in Display P3 it is 217, 42, 23.
const PIXEL: [u8; 3] = [200, 60, 40];
const ADOBE_AS_SRGB: [u8; 3] = [231, 57, 34];
const P3_AS_SRGB: [u8; 3] = [217, 42, 23];
/// As light: gamma 1.
const LINEAR_AS_SRGB: [u8; 3] = [228, 133, 111];

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::default()).unwrap()
}

#[track_caller]
fn assert_shows(bytes: &[u8], expected: [u8; 3], tolerance: u8) {
    let picture = decoded(bytes);
    let pixel = picture.rgb()[..3].to_vec();
    let near = pixel.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= tolerance);
    assert!(near, "{pixel:?} instead of {expected:?}");
}

fn adobe() -> Vec<u8> {
    ColorProfile::new_adobe_rgb().encode().unwrap()
}

fn p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().unwrap()
}

/// A PNG of one colour with the given chunks before its pixels.
fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    png_of((40, 30), (8, 2), &PIXEL.repeat(1200), chunks)
}

fn iccp(profile: &[u8]) -> Vec<u8> {
    [b"some name\0\0".as_slice(), &files::deflated(profile)].concat()
}

fn gama(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

fn chrm(points: [u32; 8]) -> Vec<u8> {
    points.iter().flat_map(|point| point.to_be_bytes()).collect()
}

const ADOBE_POINTS: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000];
const SRGB_POINTS: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

#[test]
fn a_profile_is_honoured_in_every_format() {
    for (profile, expected) in [(adobe(), ADOBE_AS_SRGB), (p3(), P3_AS_SRGB)] {
        assert_shows(&png(&[(b"iCCP", &iccp(&profile))]), expected, 2);
        assert_shows(&webp_with(PIXEL, &profile), expected, 2);
        assert_shows(&jpeg_with(PIXEL, &profile), expected, 4);
    }
    // Long ones are spread over several segments of a JPEG, which may come in any order.
    let long = [adobe(), vec![0; 150_000]].concat();
    assert_shows(&jpeg_with(PIXEL, &long), ADOBE_AS_SRGB, 4);
}

#[test]
fn palettes_and_variants_are_of_the_converted_pixels() {
    let picture = decoded(&png(&[(b"iCCP", &iccp(&adobe()))]));
    assert_eq!(palette(&picture, 1)[0].hex, format!("#{}", hex(&picture.rgb()[..3])));
    for variant in [picture.to_webp(), picture.thumbnail(16).to_webp()] {
        assert_shows(&variant, ADOBE_AS_SRGB, 6);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_png_says_its_colours_in_chunks() {
    let (linear, usual) = (gama(100_000), gama(45_455));
    let (adobe_points, srgb_points) = (chrm(ADOBE_POINTS), chrm(SRGB_POINTS));
    assert_shows(&png(&[(b"gAMA", &linear)]), LINEAR_AS_SRGB, 1);
    assert_shows(&png(&[(b"gAMA", &linear), (b"cHRM", &srgb_points)]), LINEAR_AS_SRGB, 1);
    assert_shows(&png(&[(b"gAMA", &usual), (b"cHRM", &adobe_points)]), ADOBE_AS_SRGB, 2);
    // What encoders write beside sRGB.
    assert_shows(&png(&[(b"gAMA", &usual)]), PIXEL, 0);
    assert_shows(&png(&[(b"gAMA", &usual), (b"cHRM", &srgb_points)]), PIXEL, 0);
    assert_shows(&png(&[]), PIXEL, 0);
    // The more exact chunk goes before the other.
    assert_shows(&png(&[(b"sRGB", &[0]), (b"gAMA", &linear)]), PIXEL, 0);
    assert_shows(&png(&[(b"gAMA", &linear), (b"iCCP", &iccp(&adobe()))]), ADOBE_AS_SRGB, 2);
    assert_shows(&png(&[(b"cICP", &[12, 13, 0, 1]), (b"iCCP", &iccp(&adobe()))]), P3_AS_SRGB, 2);
    assert_shows(&png(&[(b"cICP", &[1, 13, 0, 1]), (b"gAMA", &linear)]), PIXEL, 0);
    assert_shows(&png(&[(b"cICP", &[1, 8, 0, 1])]), LINEAR_AS_SRGB, 1);
    // Behind the pixels they mean nothing.
    let mut late = png(&[]);
    let end = late.split_off(late.len() - 12);
    late.extend(files::chunk(b"gAMA", &linear));
    late.extend(end);
    assert_shows(&late, PIXEL, 0);
}

#[test]
fn bright_screens_and_levels_of_video() {
    let of = |value: u16, points: [u8; 4]| {
        let samples: Vec<u8> = value.to_be_bytes().repeat(3 * 64);
        decoded(&png_of((8, 8), (16, 2), &samples, &[(b"cICP", &points)])).rgb()[0]
    };
    // BT.2408: reference white is 58 % of PQ and 75 % of HLG, 18 % grey is 38 % of both, darker than sRGB's.
    let share = |percent: u32| (percent * 65_535 / 100) as u16;
    assert!(of(share(58), [9, 16, 0, 1]) >= 253 && of(share(75), [9, 18, 0, 1]) >= 253);
    assert_eq!(of(share(90), [9, 16, 0, 1]), 255);
    let grey = [of(share(38), [9, 16, 0, 1]), of(share(38), [9, 18, 0, 1])];
    assert!(grey.iter().all(|grey| (95..110).contains(grey)), "{grey:?}");
    assert_eq!([16, 126, 235].map(|level: u16| of(level * 257, [1, 13, 0, 0])), [0, 128, 255]);
}

#[test]
fn greys_have_profiles_too() {
    let of = |chunks: &[(&[u8; 4], &[u8])]| {
        let picture = decoded(&png_of((8, 8), (8, 0), &[128; 64], chunks));
        let [r, g, b] = [0, 1, 2].map(|channel| picture.rgb()[channel]);
        assert!(r == g && g == b, "{r}, {g}, {b}");
        r
    };
    let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    assert!(of(&[(b"iCCP", &iccp(&grey))]).abs_diff(188) <= 1);
    assert!(of(&[(b"gAMA", &gama(100_000))]).abs_diff(188) <= 1);
    // A profile of three channels, and one that cannot be meant.
    assert!(of(&[(b"iCCP", &iccp(&adobe()))]).abs_diff(129) <= 1);
    assert_eq!(of(&[]), 128);
    assert_shows(&png(&[(b"iCCP", &iccp(&grey))]), PIXEL, 0);
    // With transparency, which is no light.
    let half = decoded(&png_of((8, 8), (8, 4), &[128, 77].repeat(64), &[(b"gAMA", &gama(100_000))]));
    assert!(half.has_alpha());
    let png = half.to_png();
    let back = image::load_from_memory(&png).unwrap().into_rgba8();
    assert_eq!(back.get_pixel(0, 0).0[3], 77);
    assert!(back.get_pixel(0, 0).0[0].abs_diff(188) <= 1);
}

/// The darkest of 256 levels of light holds a fifth of what is seen: 16 bits have to be converted before they are cut.
#[test]
fn deep_pixels_are_converted_before_they_lose_bits() {
    let samples: Vec<u8> = (0..64_u16).flat_map(|step| (step * 40).to_be_bytes().repeat(3)).collect();
    let picture = decoded(&png_of((64, 1), (16, 2), &samples, &[(b"gAMA", &gama(100_000))]));
    let mut levels: Vec<u8> = picture.rgb().iter().step_by(3).copied().collect();
    levels.dedup();
    assert!(levels.len() > 45, "{levels:?}");
}

#[test]
fn inks_are_mixed_as_their_profile_says() {
    // No ink, all of cyan, all of black: stored the other way round, as Adobe does.
    for (transform, inks) in [(0, [255, 255, 255, 255]), (2, files::ycck([255, 255, 255, 255]))] {
        assert_shows(&flat_jpeg(inks, Some(transform), &[]), [255, 255, 255], 1);
        assert_shows(&flat_jpeg(inks, Some(transform), &inks_profile()), [255, 255, 255], 2);
    }
    for (transform, inks) in [(0, [0, 255, 255, 255]), (2, files::ycck([0, 255, 255, 255]))] {
        assert_shows(&flat_jpeg(inks, Some(transform), &[]), [0, 255, 255], 2);
        // L* 60, a* -30, b* -45, which the profile says of cyan.
        assert_shows(&flat_jpeg(inks, Some(transform), &inks_profile()), [0, 161, 223], 8);
    }
    assert_shows(&flat_jpeg([255, 255, 255, 0], Some(0), &inks_profile()), [48, 48, 48], 6);
    assert_shows(&flat_jpeg([255, 255, 255, 0], None, &[]), [0, 0, 0], 1);
    // A profile of light, for inks.
    assert_shows(&flat_jpeg([0, 255, 255, 255], Some(0), &adobe()), [0, 255, 255], 2);
}

#[test]
fn damaged_profiles_leave_the_picture_as_it_is() {
    let sound = adobe();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for length in [0, 1, 127, 131, 132, 133, 200, sound.len() / 2] {
        assert_shows(&png(&[(b"iCCP", &iccp(&sound[..length.min(sound.len())]))]), PIXEL, 0);
    }
    for _ in 0..100 {
        let mut damaged = sound.clone();
        for _ in 0..=random() % 12 {
            let at = random() as usize % damaged.len();
            damaged[at] = random() as u8;
        }
        // Whatever it then says, there is a picture.
        let _either_way = decoded(&png(&[(b"iCCP", &iccp(&damaged))]));
        let _either_way = decoded(&webp_with(PIXEL, &damaged));
        let mut inks = inks_profile();
        for _ in 0..=random() % 12 {
            let at = random() as usize % inks.len();
            inks[at] = random() as u8;
        }
        let _either_way = decoded(&flat_jpeg([0, 90, 200, 255], Some(0), &inks));
    }
    // The stream, not the profile; a chunk with a wrong sum; numbers that no device has.
    assert_shows(&png(&[(b"iCCP", b"name\0\0no stream")]), PIXEL, 0);
    assert_shows(&png(&[(b"iCCP", &[])]), PIXEL, 0);
    let mut flipped = png(&[(b"gAMA", &gama(100_000))]);
    let at = flipped.windows(4).position(|window| window == b"gAMA").unwrap();
    flipped[at + 6] ^= 1;
    assert_shows(&flipped, PIXEL, 0);
    for gamma in [0, 1, 9_999, 1_000_001, u32::MAX] {
        assert_shows(&png(&[(b"gAMA", &gama(gamma))]), PIXEL, 0);
    }
    for points in [[0; 8], [33_333; 8], [31_270, 0, 1, 1, 1, 1, 1, 1], [u32::MAX; 8]] {
        let _either_way = decoded(&png(&[(b"cHRM", &chrm(points))]));
    }
    for points in [[0, 0, 0, 0], [255; 4], [3, 13, 0, 1], [12, 3, 0, 1], [12, 13, 9, 1]] {
        assert_shows(&png(&[(b"cICP", &points)]), PIXEL, 0);
    }
    // Where everything becomes black, nothing is to be seen.
    let mut black = ColorProfile::new_display_p3();
    black.cicp = None;
    black.red_trc = Some(moxcms::ToneReprCurve::Lut(vec![0; 256]));
    black.green_trc.clone_from(&black.red_trc);
    black.blue_trc.clone_from(&black.red_trc);
    assert_shows(&png(&[(b"iCCP", &iccp(&black.encode().unwrap()))]), PIXEL, 0);
}

/// A table of tags that all name the same large table, and texts that all name the same bytes.
#[test]
fn a_profile_that_repeats_itself_takes_no_time() {
    let inks = inks_profile();
    let entry =
        |tag: &[u8; 4], offset: u32, size: u32| [tag.as_slice(), &offset.to_be_bytes(), &size.to_be_bytes()].concat();
    let count = 200_000_u32;
    let table = 132 + 12 * count;
    for (tag, body) in [(b"A2B0", inks[144..].to_vec()), (b"desc", files::repeating_text(100_000))] {
        let mut profile = inks[..128].to_vec();
        profile.extend(count.to_be_bytes());
        profile.extend(entry(tag, table, body.len() as u32).repeat(count as usize));
        profile.extend(body);
        let start = Instant::now();
        let _either_way = decoded(&png(&[(b"iCCP", &iccp(&profile))]));
        let _either_way = decoded(&flat_jpeg([0, 90, 200, 255], Some(0), &profile));
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
