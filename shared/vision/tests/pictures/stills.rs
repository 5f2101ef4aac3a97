//! What is a still picture, whatever stands beside its pixels.

use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use likeness_vision::{Format, Limits, Picture, Rejected, decode, inspect};

use crate::files::{chunk, deflated, header, png_of, stream};

const RED: [u8; 3] = [200, 30, 40];
const GREEN: [u8; 3] = [30, 160, 60];

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::default()).unwrap()
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * picture.width() + x) * 3) as usize;
    let rgb = picture.rgb();
    [rgb[at], rgb[at + 1], rgb[at + 2]]
}

/// An fcTL: its number, then size and place.
fn frame(number: u32, [width, height, left, top]: [u32; 4]) -> Vec<u8> {
    let numbers: Vec<u8> = [number, width, height, left, top].iter().flat_map(|value| value.to_be_bytes()).collect();
    chunk(b"fcTL", &[numbers.as_slice(), &[0, 1, 0, 10, 0, 0]].concat())
}

fn announced(frames: u32) -> Vec<u8> {
    chunk(b"acTL", &[frames.to_be_bytes(), 0_u32.to_be_bytes()].concat())
}

fn data(number: u32, pixels: &[u8]) -> Vec<u8> {
    chunk(b"fdAT", &[number.to_be_bytes().as_slice(), pixels].concat())
}

/// A red PNG of 8 x 6 with `before` and `behind` its pixels.
fn apng(before: &[Vec<u8>], behind: &[Vec<u8>]) -> Vec<u8> {
    let parts = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header((8, 6), (8, 2))),
        before.concat(),
        chunk(b"IDAT", &stream(6, &RED.repeat(48))),
        behind.concat(),
        chunk(b"IEND", &[]),
    ];
    parts.concat()
}

const WHOLE: [u32; 4] = [8, 6, 0, 0];

#[test]
fn an_animation_of_one_frame_is_a_still_picture() {
    let green = || data(1, &stream(6, &GREEN.repeat(48)));
    // As encoders write it; without the frame's own chunk; numbers that are none; a second frame that never comes.
    for before in [
        vec![announced(1), frame(0, WHOLE)],
        vec![announced(1)],
        vec![announced(0), frame(0, WHOLE)],
        vec![chunk(b"acTL", &[1]), frame(0, WHOLE)],
        vec![announced(2), frame(0, WHOLE)],
    ] {
        let picture = decoded(&apng(&before, &[]));
        assert_eq!((picture.width(), picture.height(), pixel(&picture, 4, 3)), (8, 6, RED));
    }
    // The picture before the frame is for viewers that know of no frames: browsers show the frame.
    let picture = decoded(&apng(&[announced(1)], &[frame(0, WHOLE), green()]));
    assert_eq!(pixel(&picture, 4, 3), GREEN);
    // In two chunks.
    let pixels = stream(6, &GREEN.repeat(48));
    let halves = [data(1, &pixels[..40]), data(2, &pixels[40..])].concat();
    assert_eq!(pixel(&decoded(&apng(&[announced(1)], &[frame(0, WHOLE), halves])), 4, 3), GREEN);
    // A part of the canvas, the rest of which is transparent.
    let part = data(1, &stream(3, &GREEN.repeat(12)));
    let picture = decoded(&apng(&[announced(1)], &[frame(0, [4, 3, 2, 2]), part]));
    assert_eq!((picture.width(), picture.has_alpha()), (8, true));
    assert_eq!((pixel(&picture, 3, 3), pixel(&picture, 0, 0)), (GREEN, [255; 3]));
    // A frame beyond the canvas, or without data, cannot be shown.
    for behind in
        [vec![frame(0, [8, 6, 1, 0]), green()], vec![frame(0, [u32::MAX, 6, 1, 0]), green()], vec![frame(0, WHOLE)]]
    {
        assert_eq!(pixel(&decoded(&apng(&[announced(1)], &behind)), 4, 3), RED);
    }
}

#[test]
fn what_moves_is_refused() {
    let second = [frame(1, WHOLE), data(2, &stream(6, &GREEN.repeat(48)))];
    let moving = apng(&[announced(2), frame(0, WHOLE)], &second);
    assert_eq!(decode(&moving, &Limits::default()), Err(Rejected::Animated { format: Format::Png }));
    let apart = apng(&[announced(2)], &[frame(0, WHOLE), data(1, &stream(6, &GREEN.repeat(48))), second.concat()]);
    assert_eq!(decode(&apart, &Limits::default()), Err(Rejected::Animated { format: Format::Png }));
    assert_eq!(decode(&webp(2), &Limits::default()), Err(Rejected::Animated { format: Format::Webp }));
}

/// So many frames that fill the canvas.
fn webp(frames: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    WebPEncoder::new_lossless(&mut plain).write_image(&RED.repeat(48), 8, 6, ExtendedColorType::Rgb8).unwrap();
    let riff = |kind: &[u8; 4], data: &[u8]| {
        let mut chunk = [kind.as_slice(), &(data.len() as u32).to_le_bytes(), data].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let placed = [[0, 0, 0, 0, 0, 0, 7, 0, 0, 5, 0, 0, 100, 0, 0, 0].as_slice(), &plain[12..]].concat();
    let body = [
        b"WEBP".to_vec(),
        riff(b"VP8X", &[0b10, 0, 0, 0, 7, 0, 0, 5, 0, 0]),
        riff(b"ANIM", &[0; 6]),
        riff(b"ANMF", &placed).repeat(frames),
    ]
    .concat();
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

#[test]
fn a_webp_of_one_frame_is_a_still_picture() {
    let picture = decoded(&webp(1));
    assert_eq!((picture.width(), picture.height()), (8, 6));
    // Laid over the canvas, which rounds.
    assert!(pixel(&picture, 4, 3).iter().zip(RED).all(|(found, red)| found.abs_diff(red) <= 1));
}

/// Tools keep their whole workflow in a picture. It is not unfolded, and nothing of it counts as damage.
#[test]
fn what_stands_beside_the_pixels_may_be_large() {
    let large = vec![b'x'; 9 << 20];
    let named = [b"workflow\0".as_slice(), &large].concat();
    let folded = [b"workflow\0\0".as_slice(), &deflated(&large)].concat();
    let international = [b"workflow\0\0\0\0\0".as_slice(), &large].concat();
    for (kind, data) in [
        (b"tEXt", &named),
        (b"zTXt", &folded),
        (b"iTXt", &international),
        (b"eXIf", &large),
        (b"iCCP", &folded),
        (b"prVt", &large),
        (b"sPLT", &named),
    ] {
        let before = png_of((8, 6), (8, 2), &RED.repeat(48), &[(kind, data)]);
        assert!(before.len() > 9 << 20);
        assert_eq!(pixel(&decoded(&before), 4, 3), RED, "{}", String::from_utf8_lossy(kind));
        let behind = apng(&[], &[chunk(kind, data)]);
        assert_eq!(pixel(&decoded(&behind), 4, 3), RED, "{}", String::from_utf8_lossy(kind));
    }
    // Twice what may stand there once, a wrong sum, and a chunk that a decoder has to know.
    let twice = png_of((8, 6), (8, 2), &RED.repeat(48), &[(b"eXIf", b"II*\0"), (b"eXIf", b"II*\0")]);
    assert_eq!(pixel(&decoded(&twice), 4, 3), RED);
    let mut wrong = png_of((8, 6), (8, 2), &RED.repeat(48), &[(b"tEXt", b"Title\0red")]);
    wrong[45] ^= 1;
    assert_eq!(pixel(&decoded(&wrong), 4, 3), RED);
    let unknown = png_of((8, 6), (8, 2), &RED.repeat(48), &[(b"PRVT", b"")]);
    assert_eq!(decode(&unknown, &Limits::default()).unwrap_err().code(), "corrupt_image");
}

/// A palette and its transparency are needed for the pixels, though a decoder may skip one of them.
#[test]
fn a_palette_keeps_its_transparency() {
    let chunks: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &[200, 30, 40, 30, 160, 60]), (b"tRNS", &[255, 0])];
    let picture = decoded(&png_of((2, 1), (8, 3), &[0, 1], chunks));
    assert!(picture.has_alpha());
    assert_eq!((pixel(&picture, 0, 0), pixel(&picture, 1, 0)), (RED, [255; 3]));
}

#[test]
fn a_png_is_turned_upright_too() {
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let picture = decoded(&png_of((8, 6), (8, 2), &RED.repeat(48), &[(b"eXIf", exif)]));
    assert_eq!((picture.width(), picture.height()), (6, 8));
    let picture = decoded(&apng(&[], &[chunk(b"eXIf", exif)]));
    assert_eq!((picture.width(), picture.height()), (6, 8));
}

#[test]
fn apples_variant_is_named() {
    let plain = png_of((8, 6), (8, 2), &RED.repeat(48), &[]);
    let crushed = [&plain[..8], &chunk(b"CgBI", &[0x50, 0, 0x20, 6]), &plain[8..]].concat();
    for refused in
        [inspect(&crushed, &Limits::default()).unwrap_err(), decode(&crushed, &Limits::default()).unwrap_err()]
    {
        assert_eq!((refused.code(), &refused), ("not_an_image", &Rejected::AppleVariant));
        assert!(refused.to_string().contains("Apple") && refused.to_string().contains("CgBI"), "{refused}");
    }
}
