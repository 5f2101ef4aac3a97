//! ICC profiles as strangers embed them. <https://www.color.org/icc_specs2.xalter>
//!
//! A profile is a table of tags that may lie upon one another, so that a small file can name a large table a thousand
//! times. Only what a conversion to sRGB reads is kept of it, each tag once, before the library sees it.

use moxcms::{ColorProfile, ParsingOptions};

use super::{cicp, guarded};

/// Longer ones are left out. Profiles of printing presses have up to 3 MB.
pub(crate) const LONGEST: usize = 4 << 20;
/// A table of 33 steps for each of four inks has 1.2 million.
const LARGEST_TABLE: usize = 1_200_000;
const LONGEST_CURVE: usize = 1 << 16;

/// Header, and the number of tags.
const TABLE: usize = 132;
const ENTRY: usize = 12;
/// Primaries, curves, tables to the connection space, its white, code points.
const READ: [&[u8; 4]; 13] = [
    b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"A2B0", b"A2B1", b"A2B2", b"wtpt", b"chad", b"cicp",
];

pub(super) fn profile(bytes: &[u8]) -> Option<ColorProfile> {
    let needed = needed(bytes)?;
    let options = ParsingOptions {
        max_profile_size: LONGEST + 1,
        max_allowed_clut_size: LARGEST_TABLE,
        max_allowed_trc_size: LONGEST_CURVE,
    };
    let read = guarded(|| ColorProfile::new_from_slice_with_options(&needed, options).ok())?;
    // A profile of a brighter screen than sRGB's holds a curve for that screen.
    match read.cicp.and_then(cicp::bright) {
        Some(bright) => Some(bright),
        None => Some(read),
    }
}

/// The profile with the tags that are read, each named once.
fn needed(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > LONGEST {
        return None;
    }
    let count = u32::from_be_bytes(bytes.get(TABLE - 4..TABLE)?.try_into().ok()?) as usize;
    let table = bytes.get(TABLE..TABLE.checked_add(count.checked_mul(ENTRY)?)?)?;
    let entries = READ.iter().filter_map(|tag| table.chunks_exact(ENTRY).find(|entry| entry.starts_with(*tag)));
    let mut rewritten = bytes.to_vec();
    let mut kept = 0;
    for entry in entries {
        let at = TABLE + kept * ENTRY;
        rewritten[at..at + ENTRY].copy_from_slice(entry);
        kept += 1;
    }
    rewritten[TABLE - 4..TABLE].copy_from_slice(&u32::try_from(kept).ok()?.to_be_bytes());
    Some(rewritten)
}
