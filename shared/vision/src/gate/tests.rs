use image::codecs::jpeg::JpegEncoder;

use super::*;

fn limits() -> Limits {
    Limits::default()
}

/// A picture with enough detail for a file of several KB.
fn picture() -> Picture {
    let value = |x: u32, y: u32, c: u32| ((x * 7 + c * 40) ^ (y * 5)) as u8;
    let pixels = (0..96 * 64).flat_map(|i| [0, 1, 2].map(|c| value(i % 96, i / 96, c))).collect();
    Picture::from_rgb(96, 64, pixels)
}

fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode(&picture().rgb(), 96, 64, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn files() -> [(Format, Vec<u8>); 3] {
    [(Format::Png, picture().to_png()), (Format::Jpeg, jpeg()), (Format::Webp, picture().to_webp())]
}

/// A PNG of `IHDR`, the given chunks and `IEND`, with the right checksums.
fn png_of(width: u32, height: u32, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    fn checksum(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |s, _| if s & 1 == 1 { (s >> 1) ^ 0xedb8_8320 } else { s >> 1 })
        })
    }
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header.as_slice())].iter().chain(chunks).chain(&[(b"IEND", [].as_slice())]) {
        let body = [kind.as_slice(), data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(checksum(&body).to_be_bytes());
    }
    bytes
}

#[test]
fn formats_are_told_by_their_bytes() {
    for (format, bytes) in files() {
        assert_eq!(inspect(&bytes, &limits()), Ok(Header { format, width: 96, height: 64 }));
        let decoded = decode(&bytes, &limits()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (96, 64));
    }
}

#[test]
fn what_is_no_picture_is_named() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b"\n <!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "html"),
        (b"{\"detail\": \"expired\"}", "json"),
        (b"GIF89a\x01\0\x01\0", "gif"),
        (b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "svg"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "xml"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "avif"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89PNG but not quite", "unknown"),
    ];
    for (bytes, looks_like) in cases {
        assert_eq!(decode(bytes, &limits()), Err(Rejected::NotAnImage { looks_like }));
    }
}

#[test]
fn a_truncated_file_is_never_a_picture() {
    for (format, bytes) in files() {
        for sixteenth in 0..16 {
            let cut = &bytes[..bytes.len() * sixteenth / 16];
            assert!(decode(cut, &limits()).is_err(), "{format}, {sixteenth}/16");
        }
        for missing in 1..40 {
            let cut = &bytes[..bytes.len() - missing];
            assert_eq!(
                decode(cut, &limits()).unwrap_err().code(),
                "corrupt_image",
                "{format}, {missing} bytes missing"
            );
        }
    }
}

/// The end marker of a thumbnail in the EXIF block is not the end of the picture.
#[test]
fn an_embedded_thumbnail_does_not_hide_a_truncation() {
    let whole = jpeg();
    let thumbnail = [b"\xff\xe1\x00\x08".as_slice(), b"\xff\xd8\xff\xd9\0\0"].concat();
    let with_thumbnail = [&whole[..2], &thumbnail, &whole[2..]].concat();
    assert!(decode(&with_thumbnail, &limits()).is_ok());
    let cut = &with_thumbnail[..with_thumbnail.len() * 3 / 4];
    assert_eq!(decode(cut, &limits()).unwrap_err().code(), "corrupt_image");
}

#[test]
fn a_flipped_byte_in_a_png_is_noticed() {
    let mut bytes = picture().to_png();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    assert_eq!(decode(&bytes, &limits()).unwrap_err().code(), "corrupt_image");
}

#[test]
fn two_hundred_megapixels_in_a_small_file_are_refused_by_the_header() {
    let bomb = png_of(20_000, 10_000, &[(b"IDAT", &[0; 2000])]);
    let refused = Rejected::TooManyPixels { width: 20_000, height: 10_000, limit: 40_000_000 };
    assert_eq!(inspect(&bomb, &limits()), Err(refused.clone()));
    assert_eq!(decode(&bomb, &limits()), Err(refused));
    let strip = png_of(16_385, 1, &[]);
    assert_eq!(inspect(&strip, &limits()).unwrap_err().code(), "too_many_pixels");
}

#[test]
fn twelve_megabytes_are_refused_by_size() {
    let mut bytes = jpeg();
    bytes.resize(12 << 20, 0);
    let refused = Rejected::TooLarge { bytes: 12 << 20, limit: 10 << 20 };
    assert_eq!(decode(&bytes, &limits()), Err(refused));
}

#[test]
fn animations_are_refused() {
    let frame = (b"fcTL", [0; 26].as_slice());
    let apng = png_of(4, 4, &[(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), frame, (b"IDAT", &[0; 8]), frame]);
    assert_eq!(decode(&apng, &limits()), Err(Rejected::Animated { format: Format::Png }));
    let mut webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0".to_vec();
    webp.extend([0b10, 0, 0, 0, 3, 0, 0, 3, 0, 0]);
    assert_eq!(decode(&webp, &limits()), Err(Rejected::Animated { format: Format::Webp }));
}

#[test]
fn no_dimensions_are_a_damaged_picture() {
    assert_eq!(inspect(&png_of(0, 10, &[]), &limits()).unwrap_err().code(), "corrupt_image");
    assert_eq!(inspect(b"\xff\xd8\xff\xd9", &limits()).unwrap_err().code(), "corrupt_image");
}

/// Orientation 6 in a minimal EXIF block: a camera held upright.
#[test]
fn a_photograph_is_turned_upright() {
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let exif = [b"Exif\0\0".as_slice(), tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let whole = jpeg();
    let bytes = [&whole[..2], b"\xff\xe1", &length, &exif, &whole[2..]].concat();
    let decoded = decode(&bytes, &limits()).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (64, 96));
}

/// Whatever comes, there is an answer: random bytes behind true beginnings, and files with random damage.
#[test]
fn nothing_panics() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let starts: [&[u8]; 5] =
        [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBPVP8 ", b"RIFF\x40\0\0\0WEBPVP8X"];
    let small = Limits { max_pixels: 1_000_000, ..limits() };
    for round in 0..2_000 {
        let mut bytes = starts[round % starts.len()].to_vec();
        for _ in 0..random() % 120 {
            bytes.push(random() as u8);
        }
        assert!(decode(&bytes, &small).is_err());
    }
    for (_, bytes) in files() {
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..=random() % 8 {
                let at = random() as usize % damaged.len();
                damaged[at] = random() as u8;
            }
            let _either_way = decode(&damaged, &small);
        }
    }
}
