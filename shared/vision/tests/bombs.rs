//! Small files that would be large: each is refused, or decoded, within a bounded peak of memory.
//!
//! One test alone in its binary, so that the process's peak is that of the file at hand (Linux; elsewhere only the
//! answers are looked at).
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use likeness_vision::{Limits, decode};

const MIB: u64 = 1 << 20;
/// The kernel counts a process's pages per core and adds them up late, so that its numbers are off by some. What is too
/// large here would take 100 MiB and more.
const IMPRECISION: u64 = 16 * MIB;

#[test]
fn nothing_small_becomes_large() {
    // 196 MB of zeros as a zlib stream of a few hundred KB.
    let stream = idat(&png(14_000, 14_000, ExtendedColorType::L8));
    let profile = [b"icc\0\0".as_slice(), &stream].concat();
    let text = [b"Comment\0\0".as_slice(), &stream].concat();
    let small = idat(&png(64, 64, ExtendedColorType::Rgb8));
    assert!(stream.len() < 1_000_000);
    let large = idat(&png(5_000, 5_000, ExtendedColorType::Rgb8));
    let flat_webp = webp(6_000, 6_000);
    let flat_jpeg = jpeg(6_000, 6_000);

    // By their headers, in every format.
    let too_many = Some("too_many_pixels");
    measured("a PNG of 50,000 pixels' width", &png_of(50_000, 1, 8, 2, &[(b"IDAT", &small)]), too_many, MIB);
    measured("a PNG of 2^31 pixels' width", &png_of(0x7fff_ffff, 1, 8, 2, &[(b"IDAT", &small)]), too_many, MIB);
    measured("a JPEG of 50,000 pixels' width", &with_frame(&flat_jpeg, 50_000, 8, true), too_many, MIB);
    measured("a JPEG of 65,535 pixels' height", &with_frame(&flat_jpeg, 8, 65_535, true), too_many, MIB);
    measured("a WebP of 50,000 pixels' width", &in_canvas(&flat_webp, 50_000, 8), too_many, MIB);
    measured("a WebP of 2^24 pixels a side", &in_canvas(&flat_webp, 1 << 24, 1 << 24), too_many, MIB);
    // More bytes to a pixel than the limit of pixels reckons with.
    let deep = png_of(6_300, 6_300, 16, 6, &[(b"IDAT", &large)]);
    measured("a PNG of 40 megapixels of 8 bytes", &deep, too_many, 16 * MIB);

    // Larger inside than their headers say.
    measured("a PNG with pixels behind its last row", &png_of(64, 64, 8, 0, &[(b"IDAT", &stream)]), None, 16 * MIB);
    let profiled = png_of(64, 64, 8, 2, &[(b"iCCP", &profile), (b"IDAT", &small)]);
    measured("a PNG with a colour profile of 196 MB", &profiled, None, 32 * MIB);
    let profiled = png_of(5_000, 5_000, 8, 2, &[(b"iCCP", &profile), (b"IDAT", &large)]);
    measured("a large PNG with a colour profile of 196 MB", &profiled, None, 240 * MIB);
    let commented = png_of(64, 64, 8, 2, &[(b"zTXt", &text), (b"IDAT", &small)]);
    measured("a PNG with a comment of 196 MB", &commented, None, 16 * MIB);
    measured(
        "a WebP of 36 megapixels in a canvas of 64 x 64",
        &in_canvas(&flat_webp, 64, 64),
        Some("corrupt_image"),
        16 * MIB,
    );
    measured(
        "a JPEG of 36 megapixels with a frame of 64 x 64 before",
        &with_frame(&flat_jpeg, 64, 64, false),
        Some("corrupt_image"),
        16 * MIB,
    );

    // As many scans as fit into a small file, each over every block.
    measured("a JPEG of 3,000 scans", &scans(4_000, 3_000), Some("corrupt_image"), 160 * MIB);

    // The largest that pass, which is what a function's memory has to hold.
    measured("a PNG of 40 megapixels", &png(6_300, 6_300, ExtendedColorType::Rgba8), Some(""), 360 * MIB);
    measured("a PNG of 20 megapixels of 8 bytes", &png(4_400, 4_400, ExtendedColorType::Rgba16), Some(""), 360 * MIB);
    measured("a JPEG of 40 megapixels", &jpeg(6_300, 6_300), Some(""), 360 * MIB);
    measured("a progressive JPEG of 40 megapixels", &scans(6_300, 9), Some(""), 420 * MIB);
    measured("a WebP of 40 megapixels", &webp(6_300, 6_300), Some(""), 420 * MIB);
}

/// Decodes `bytes` and looks at the code of the refusal (`""` for none, `None` for either) and the peak.
fn measured(what: &str, bytes: &[u8], expected: Option<&str>, most: u64) {
    assert!(bytes.len() < 10_000_000, "{what}: {} bytes", bytes.len());
    let before = resident("VmRSS:");
    // Starts the peak anew.
    let counts = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let decoded = decode(bytes, &Limits::default());
    let peak = resident("VmHWM:").saturating_sub(before);
    let code = decoded.as_ref().map_or_else(likeness_vision::Rejected::code, |_| "");
    println!("{what}: {} KB, {code:?}, {} MiB", bytes.len() / 1024, peak / MIB);
    if let Some(expected) = expected {
        assert_eq!(code, expected, "{what}: {decoded:?}");
    }
    let bounded = !counts || peak <= most + IMPRECISION;
    assert!(bounded, "{what}: {} MiB at its peak, {} are allowed", peak / MIB, most / MIB);
}

/// A line of the process's status, in bytes; 0 where there is none.
fn resident(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// A black picture.
fn png(width: u32, height: u32, colour: ExtendedColorType) -> Vec<u8> {
    let pixels = vec![0; (width * height) as usize * usize::from(colour.bits_per_pixel() / 8)];
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::NoFilter);
    encoder.write_image(&pixels, width, height, colour).unwrap();
    bytes
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let pixels = vec![90; usize::from(width) * usize::from(height) * 3];
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).encode(&pixels, width.into(), height.into(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let pixels = vec![90; (width * height * 4) as usize];
    let mut bytes = Cursor::new(Vec::new());
    WebPEncoder::new_lossless(&mut bytes).encode(&pixels, width, height, ExtendedColorType::Rgba8).unwrap();
    bytes.into_inner()
}

/// The compressed stream of a PNG.
fn idat(png: &[u8]) -> Vec<u8> {
    let (mut at, mut stream) = (8, Vec::new());
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        if &png[at + 4..at + 8] == b"IDAT" {
            stream.extend(&png[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    stream
}

fn png_of(width: u32, height: u32, depth: u8, colour: u8, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, colour, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header.as_slice())].iter().chain(chunks).chain(&[(b"IEND", [].as_slice())]) {
        let body = [kind.as_slice(), data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(checksum(&body).to_be_bytes());
    }
    bytes
}

/// CRC-32, a byte at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|byte| (0..8).fold(byte, |s: u32, _| if s & 1 == 1 { (s >> 1) ^ 0xedb8_8320 } else { s >> 1 }))
        .collect();
    !bytes.iter().fold(u32::MAX, |sum, byte| (sum >> 8) ^ table[((sum ^ u32::from(*byte)) & 0xff) as usize])
}

/// A lossless WebP as the only frame of a canvas of another size.
fn in_canvas(webp: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut body = b"WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    body.extend(&(width - 1).to_le_bytes()[..3]);
    body.extend(&(height - 1).to_le_bytes()[..3]);
    body.extend(&webp[12..]);
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// A JPEG with another size in its frame header, or with such a frame header before its own.
fn with_frame(jpeg: &[u8], width: u16, height: u16, instead: bool) -> Vec<u8> {
    let at = jpeg.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    let length = 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    let mut frame = jpeg[at..at + length].to_vec();
    frame[5..7].copy_from_slice(&height.to_be_bytes());
    frame[7..9].copy_from_slice(&width.to_be_bytes());
    let rest = if instead { &jpeg[at + length..] } else { &jpeg[at..] };
    [&jpeg[..at], &frame, rest].concat()
}

/// A grey progressive JPEG of `side` x `side`: one scan of averages, then `count` scans that each say of every block
/// that nothing follows, in some bytes for ten thousands of blocks.
fn scans(side: u16, count: usize) -> Vec<u8> {
    let blocks = u32::from(side.div_ceil(8)).pow(2);
    let [h1, h0] = side.to_be_bytes();
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc2, 0, 11, 8, h1, h0, h1, h0, 1, 1, 0x11, 0]);
    // Tables of two codes, 0 and 10: averages of no change, and runs of up to 2^15 - 1 empty blocks.
    for (class, symbol) in [(0x00, 0x00), (0x10, 0xe0)] {
        bytes.extend([0xff, 0xc4, 0, 21, class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol, 0x01]);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0]);
    bytes.resize(bytes.len() + blocks.div_ceil(8) as usize, 0);
    let runs = {
        let (mut bits, mut left) = (String::new(), blocks);
        while left >= 1 << 14 {
            let run = left.min((1 << 15) - 1);
            bits += &format!("0{:014b}", run - (1 << 14));
            left -= run;
        }
        // What is left over is said by no run; the decoder takes a scan that ends as one that says nothing more.
        while bits.len() % 8 != 0 {
            bits.push('1');
        }
        let whole =
            bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
        whole.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect::<Vec<u8>>()
    };
    for number in 0..count {
        let frequency = 1 + (number % 63) as u8;
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, frequency, frequency, 0]);
        bytes.extend(&runs);
    }
    bytes.extend([0xff, 0xd9]);
    bytes
}
