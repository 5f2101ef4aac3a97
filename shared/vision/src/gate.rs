//! What may become a picture: the checks before and during decoding.
//!
//! Bytes come from fal, from browsers and from strangers' web servers, so nothing about them is believed: the format
//! is read from the bytes, the size from the header before a pixel is allocated, and a file that stops early is refused
//! instead of becoming a half-grey picture.

mod jpeg;
mod png;
mod webp;

mod pixels;

use std::fmt;

use crate::picture::Picture;

/// How large a picture may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Encoded size, in bytes.
    pub max_bytes: usize,
    /// Width times height, in pixels; of those with 16 bits a channel and colours about half as many.
    pub max_pixels: u64,
    /// The longer side, in pixels.
    pub max_side: u32,
}

impl Default for Limits {
    /// 10 MiB, 40 megapixels, 16,384 pixels a side.
    fn default() -> Self {
        Self { max_bytes: 10 * 1024 * 1024, max_pixels: 40_000_000, max_side: 16_384 }
    }
}

/// The formats that are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PNG, still.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// WebP, lossy or lossless, still.
    Webp,
}

impl Format {
    /// The media type for HTTP and object metadata.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The usual file name ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// What the first bytes promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// By magic bytes, never by name or content type.
    pub format: Format,
    /// In pixels, as stored: an EXIF rotation is not applied yet.
    pub width: u32,
    /// In pixels, as stored.
    pub height: u32,
}

/// Why bytes do not become a picture. None of these passes when tried again with the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The encoded file is larger than [`Limits::max_bytes`].
    #[error("the file has {bytes} bytes, {limit} are allowed")]
    TooLarge {
        /// What was given.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// None of the formats that are decoded.
    #[error("neither PNG, JPEG nor WebP; it looks like {looks_like}")]
    NotAnImage {
        /// `html`, `json`, `svg`, `xml`, `gif`, `avif`, `heic`, `bmp`, `tiff`, `pdf`, `empty` or `unknown`.
        looks_like: &'static str,
    },
    /// Xcode's variant of PNG, which is none by the standard.
    #[error("an iPhone-optimised PNG (Apple's CgBI variant), which is no PNG: revert it, or take the one before Xcode")]
    AppleVariant,
    /// More pixels than [`Limits::max_pixels`] or a side longer than [`Limits::max_side`].
    #[error("{width} x {height} pixels, {limit} in all or a shorter side are allowed")]
    TooManyPixels {
        /// As the header has it.
        width: u32,
        /// As the header has it.
        height: u32,
        /// [`Limits::max_pixels`].
        limit: u64,
    },
    /// A PNG or WebP of several frames. Refused, as a still picture was asked for and frame one is rarely what was
    /// meant.
    #[error("an animated {format}")]
    Animated {
        /// Which.
        format: Format,
    },
    /// Truncated or damaged.
    #[error("a damaged {format}: {reason}")]
    Corrupt {
        /// What the magic bytes say.
        format: Format,
        /// What does not hold, for a log or an API user.
        reason: String,
    },
}

impl Rejected {
    /// A stable word for problem bodies and records.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "image_too_large",
            Self::NotAnImage { .. } | Self::AppleVariant => "not_an_image",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Animated { .. } => "animated_image",
            Self::Corrupt { .. } => "corrupt_image",
        }
    }
}

/// Reads format and dimensions from the first bytes. Decodes nothing and allocates nothing.
///
/// # Errors
/// Every [`Rejected`] but those that only show in the pixels.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Header, Rejected> {
    if bytes.len() > limits.max_bytes {
        return Err(Rejected::TooLarge { bytes: bytes.len(), limit: limits.max_bytes });
    }
    let format = recognise(bytes)?;
    if format == Format::Png && png::is_apples(bytes) {
        return Err(Rejected::AppleVariant);
    }
    let size = match format {
        Format::Png => png::dimensions(bytes),
        Format::Jpeg => jpeg::dimensions(bytes),
        Format::Webp => webp::dimensions(bytes),
    };
    let Some((width, height)) = size.filter(|&(width, height)| width > 0 && height > 0) else {
        return Err(corrupt(format, "no dimensions in its header"));
    };
    if width.max(height) > limits.max_side || u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Rejected::TooManyPixels { width, height, limit: limits.max_pixels });
    }
    Ok(Header { format, width, height })
}

/// Inspects, then decodes, brings the colours to sRGB as the file says what they are, and turns the picture upright as
/// its EXIF says. 16-bit, grey and CMYK pictures become 8-bit RGB.
///
/// # Errors
/// As [`inspect`]; [`Rejected::Animated`]; and [`Rejected::Corrupt`] for a file that stops early, however little is
/// missing.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, Rejected> {
    let header = inspect(bytes, limits)?;
    let format = header.format;
    let (animated, whole) = match format {
        Format::Png => (png::is_animated(bytes), png::is_whole(bytes)),
        Format::Jpeg => (false, jpeg::is_whole(bytes)),
        Format::Webp => (webp::is_animated(bytes), webp::is_whole(bytes)),
    };
    if animated {
        return Err(Rejected::Animated { format });
    }
    if !whole {
        return Err(corrupt(format, "it stops before its end"));
    }
    Ok(Picture::from_image(pixels::decode(bytes, &header, limits)?))
}

fn recognise(bytes: &[u8]) -> Result<Format, Rejected> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Format::Png);
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Ok(Format::Jpeg);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()) {
        return Ok(Format::Webp);
    }
    Err(Rejected::NotAnImage { looks_like: looks_like(bytes) })
}

/// A word for the log: most often a web server's error page or fal's JSON error stands where a picture should.
fn looks_like(bytes: &[u8]) -> &'static str {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    let text = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let after_ftyp = bytes.get(4..12).and_then(|brand| brand.strip_prefix(b"ftyp"));
    if bytes.is_empty() {
        "empty"
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        "html"
    } else if text.starts_with('<') && text.contains("<svg") {
        "svg"
    } else if text.starts_with("<?xml") {
        "xml"
    } else if text.starts_with('{') || text.starts_with('[') {
        "json"
    } else if text.starts_with("gif8") {
        "gif"
    } else if text.starts_with("%pdf") {
        "pdf"
    } else if after_ftyp == Some(b"avif") {
        "avif"
    } else if matches!(after_ftyp, Some(b"heic" | b"mif1" | b"heix")) {
        "heic"
    } else if bytes.starts_with(b"BM") {
        "bmp"
    } else if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        "tiff"
    } else {
        "unknown"
    }
}

fn corrupt(format: Format, reason: &str) -> Rejected {
    Rejected::Corrupt { format, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
