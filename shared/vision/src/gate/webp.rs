//! WebP's RIFF container, read without decoding. <https://developers.google.com/speed/webp/docs/riff_container>

/// From the first chunk: `VP8X` (extended), `VP8L` (lossless) or `VP8 ` (lossy).
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let data = bytes.get(20..)?;
    match bytes.get(12..16)? {
        b"VP8X" => {
            let side = |at: usize| {
                let &[a, b, c] = data.get(at..at + 3)? else { return None };
                Some(u32::from_le_bytes([a, b, c, 0]) + 1)
            };
            Some((side(4)?, side(7)?))
        }
        b"VP8L" => {
            let packed = u32::from_le_bytes(data.get(1..5)?.try_into().ok()?);
            (data[0] == 0x2f).then_some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
        }
        b"VP8 " => {
            let &[0x9d, 0x01, 0x2a, w0, w1, h0, h1] = data.get(3..10)? else { return None };
            // The two top bits are a scaling hint.
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((side(w0, w1), side(h0, h1)))
        }
        _ => None,
    }
}

/// The animation bit of `VP8X`, and a second frame: one alone is a still picture.
pub(super) fn is_animated(bytes: &[u8]) -> bool {
    let announced =
        bytes.get(12..16) == Some(b"VP8X".as_slice()) && bytes.get(20).is_some_and(|flags| flags & 0b10 != 0);
    announced && chunks(bytes).filter(|kind| kind == b"ANMF").take(2).count() != 1
}

/// Chunk types in order.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    let mut at = 12_usize;
    std::iter::from_fn(move || {
        let &[k0, k1, k2, k3, s0, s1, s2, s3] = bytes.get(at..at.checked_add(8)?)? else { return None };
        let size = u32::from_le_bytes([s0, s1, s2, s3]) as usize;
        at = at.checked_add(8)?.checked_add(size.checked_next_multiple_of(2)?)?;
        Some([k0, k1, k2, k3])
    })
}

/// Whether all bytes that RIFF announces are there.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let announced = bytes.get(4..8).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
    announced.is_some_and(|size| size as usize <= bytes.len().saturating_sub(8))
}
