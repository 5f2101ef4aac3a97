//! Whether an upload is a whole picture, as far as its first and last bytes tell; what is inside is seen when it is
//! decoded.

use std::fmt;

use bytes::Bytes;
use likeness_core::clients::bucket::{Bucket, BucketError, ObjectHead};

/// The end of a PNG: its last chunk, which is empty.
const PNG_END: &[u8] = b"IEND\xae\x42\x60\x82";
/// How many bytes are looked at on either side.
const ENDS: u64 = 64;

/// Why an upload is no picture that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Empty,
    /// No PNG, JPEG or WebP.
    NoPicture,
    /// It ends before the picture does.
    Cut,
    /// It was replaced while it was looked at.
    Replaced,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is an empty file; upload the picture again",
            Self::NoPicture => "is not a PNG, JPEG or WebP picture; convert it to one of them and upload it again",
            Self::Cut => "is cut off before its end; upload the whole picture again",
            Self::Replaced => "is being uploaded at this moment; try again",
        })
    }
}

/// What is wrong with the upload under `key`.
pub(crate) async fn fault(bucket: &Bucket, key: &str, file: &ObjectHead) -> Result<Option<Fault>, BucketError> {
    if file.bytes == 0 {
        return Ok(Some(Fault::Empty));
    }
    let last = file.bytes - 1;
    let first = bucket.read_range(key, &file.etag, 0, last.min(ENDS - 1)).await?;
    let end = bucket.read_range(key, &file.etag, file.bytes.saturating_sub(ENDS), last).await?;
    Ok(match (first, end) {
        (Some(first), Some(end)) => of_ends(&first, &end, file.bytes),
        (None, _) | (_, None) => Some(Fault::Replaced),
    })
}

/// The same, from the first and the last bytes of `length`.
fn of_ends(first: &Bytes, end: &Bytes, length: u64) -> Option<Fault> {
    let whole = if first.starts_with(b"\x89PNG\r\n\x1a\n") {
        contains(end, PNG_END)
    } else if first.starts_with(b"\xff\xd8\xff") {
        // Some cameras and tools append a few bytes.
        contains(end, b"\xff\xd9")
    } else if first.len() >= 12 && first.starts_with(b"RIFF") && &first[8..12] == b"WEBP" {
        let announced = u32::from_le_bytes([first[4], first[5], first[6], first[7]]);
        length >= u64::from(announced) + 8
    } else {
        return Some(Fault::NoPicture);
    };
    (!whole).then_some(Fault::Cut)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_tell_a_whole_picture() {
        let of = |bytes: &[u8]| {
            let end = &bytes[bytes.len().saturating_sub(64)..];
            let first = &bytes[..bytes.len().min(64)];
            of_ends(&Bytes::copy_from_slice(first), &Bytes::copy_from_slice(end), bytes.len() as u64)
        };
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100], PNG_END].concat();
        let jpeg = [b"\xff\xd8\xff\xe0".as_slice(), &[0; 100], b"\xff\xd9"].concat();
        let webp = [b"RIFF\x68\0\0\0WEBP".as_slice(), &[0; 100]].concat();
        for whole in [&png, &jpeg, &webp] {
            assert_eq!(of(whole), None);
            assert_eq!(of(&whole[..whole.len() - 10]), Some(Fault::Cut));
        }
        assert_eq!(of(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some(Fault::NoPicture));
        assert_eq!(of(b"GIF89a"), Some(Fault::NoPicture));
    }
}
