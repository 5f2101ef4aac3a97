//! Small files of each format, written byte by byte, so that they say of themselves what a test wants.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let sum = crc32fast::hash(&body);
    [(data.len() as u32).to_be_bytes().as_slice(), &body, &sum.to_be_bytes()].concat()
}

pub(crate) fn header((width, height): (u32, u32), (depth, colour): (u8, u8)) -> Vec<u8> {
    [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat()
}

/// The samples of `rows` as a PNG's stream.
pub(crate) fn stream(rows: u32, samples: &[u8]) -> Vec<u8> {
    let unfiltered = samples.chunks(samples.len() / rows as usize).flat_map(|row| [&[0], row].concat());
    deflated(&unfiltered.collect::<Vec<u8>>())
}

/// A PNG with `chunks` before its pixels.
pub(crate) fn png_of(size: (u32, u32), depth: (u8, u8), samples: &[u8], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &header(size, depth)));
    for (kind, data) in chunks {
        png.extend(chunk(kind, data));
    }
    png.extend(chunk(b"IDAT", &stream(size.1, samples)));
    png.extend(chunk(b"IEND", &[]));
    png
}

/// A zlib stream of stored blocks.
pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(65_535).peekable();
    if blocks.peek().is_none() {
        stream.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stream.extend(((high << 16) | low).to_be_bytes());
    stream
}

/// 40 x 30 pixels of one colour.
pub(crate) fn jpeg_with(pixel: [u8; 3], profile: &[u8]) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 100).encode(&pixel.repeat(1200), 40, 30, ExtendedColorType::Rgb8).unwrap();
    with_profile(&jpeg, profile)
}

fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = profile.chunks(60_000).collect();
    let segment = |(index, part): (usize, &&[u8])| {
        let length = (part.len() as u16 + 16).to_be_bytes();
        let place = [index as u8 + 1, parts.len() as u8];
        [&[0xff, 0xe2], length.as_slice(), b"ICC_PROFILE\0", &place, part].concat()
    };
    let segments: Vec<u8> = parts.iter().enumerate().rev().flat_map(segment).collect();
    [&jpeg[..2], &segments, &jpeg[2..]].concat()
}

/// 40 x 30 pixels of one colour, lossless.
pub(crate) fn webp_with(pixel: [u8; 3], profile: &[u8]) -> Vec<u8> {
    let mut webp = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut webp);
    encoder.set_icc_profile(profile.to_vec()).unwrap();
    encoder.write_image(&pixel.repeat(1200), 40, 30, ExtendedColorType::Rgb8).unwrap();
    webp
}

/// A baseline JPEG of 8 x 8 pixels of four inks, all alike; with Adobe's segment if it names a transformation.
pub(crate) fn flat_jpeg(inks: [u8; 4], adobe: Option<u8>, profile: &[u8]) -> Vec<u8> {
    let mut jpeg = b"\xff\xd8".to_vec();
    if let Some(transform) = adobe {
        jpeg.extend(b"\xff\xee\x00\x0eAdobe\x00\x64\0\0\0\0");
        jpeg.push(transform);
    }
    jpeg.extend(b"\xff\xdb\0\x43\0");
    jpeg.extend([1; 64]);
    jpeg.extend([0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4]);
    jpeg.extend((1..=4).flat_map(|component| [component, 0x11, 0]));
    // Codes of four bits for the twelve sizes of an average, and one of one bit for a block that has nothing more.
    jpeg.extend([0xff, 0xc4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    jpeg.extend(0..12);
    jpeg.extend([0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    jpeg.extend([0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    let bits: String = inks.iter().map(|&ink| average(i32::from(ink))).collect();
    let padded = format!("{bits}{}", "1".repeat((8 - bits.len() % 8) % 8));
    for byte in padded.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        jpeg.push(byte);
        if byte == 0xff {
            jpeg.push(0);
        }
    }
    jpeg.extend([0xff, 0xd9]);
    with_profile(&jpeg, profile)
}

/// A block of one level, as bits.
fn average(level: i32) -> String {
    let value = 8 * (level - 128);
    let size = (32 - value.unsigned_abs().leading_zeros()) as usize;
    let low = if value < 0 { value + (1 << size) - 1 } else { value };
    let bits = if size == 0 { String::new() } else { format!("{low:0size$b}") };
    format!("{size:04b}{bits}0")
}

/// Stored inks as luma, chroma and black.
pub(crate) fn ycck([c, m, y, k]: [u8; 4]) -> [u8; 4] {
    let [r, g, b] = [c, m, y].map(|ink| f64::from(255 - ink));
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    let level = |value: f64| value.round().clamp(0.0, 255.0) as u8;
    [level(luma), level(128.0 + (b - luma) / 1.772), level(128.0 + (r - luma) / 1.402), k]
}

/// A press whose paper is white, whose cyan is L* 60, a* -30, b* -45, and whose black is L* 20: a table of two steps an
/// ink.
pub(crate) fn inks_profile() -> Vec<u8> {
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    table.extend([1_i32, 0, 0, 0, 1, 0, 0, 0, 1].iter().flat_map(|value| (value << 16).to_be_bytes()));
    table.extend((0..4).flat_map(|_| 0..=255_u8));
    for inks in 0..16_u8 {
        let [c, m, y, k] = [8, 4, 2, 1].map(|ink| f64::from(u8::from(inks & ink != 0)));
        let light = 100.0 * (1.0 - 0.4 * c) * (1.0 - 0.5 * m) * (1.0 - 0.1 * y) * (1.0 - 0.8 * k);
        let (a, b) = (-30.0 * c + 70.0 * m - 5.0 * y, -45.0 * c + 90.0 * y);
        table.extend([light * 2.55, a * (1.0 - k) + 128.0, b * (1.0 - k) + 128.0].map(|level| level.round() as u8));
    }
    table.extend((0..3).flat_map(|_| 0..=255_u8));

    let mut profile = vec![0; 128];
    profile[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[24..36].copy_from_slice(&[7, 0xe8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    profile.extend(1_u32.to_be_bytes());
    profile.extend(b"A2B0");
    profile.extend(144_u32.to_be_bytes());
    profile.extend((table.len() as u32).to_be_bytes());
    profile.extend(table);
    let length = (profile.len() as u32).to_be_bytes();
    profile[..4].copy_from_slice(&length);
    profile
}

/// A text in so many languages, all of which name the same bytes.
pub(crate) fn repeating_text(languages: u32) -> Vec<u8> {
    let mut text = b"mluc\0\0\0\0".to_vec();
    text.extend(languages.to_be_bytes());
    text.extend(12_u32.to_be_bytes());
    for _ in 0..languages {
        text.extend(b"enUS");
        text.extend(100_000_u32.to_be_bytes());
        text.extend(16_u32.to_be_bytes());
    }
    text
}
