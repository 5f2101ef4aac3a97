//! JPEG's marker segments, read without decoding. ITU-T T.81, annex B.
//!
//! `image` decodes leniently: what a truncated file lacks becomes grey. So the end-of-image marker is looked for here,
//! by walking the segments, because its two bytes also occur inside an embedded EXIF thumbnail.

/// From the first start-of-frame segment.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let (_, at) = Segments::of(bytes).find(|(marker, _)| is_frame(*marker))?;
    // Length (2), precision (1), height (2), width (2).
    let &[h1, h0, w1, w0] = bytes.get(at + 3..at + 7)? else { return None };
    Some((u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0]))))
}

/// Four components are inks. From the first start-of-frame segment.
pub(super) fn has_inks(bytes: &[u8]) -> bool {
    let frame = Segments::of(bytes).find(|(marker, _)| is_frame(*marker));
    frame.is_some_and(|(_, at)| bytes.get(at + 7) == Some(&4))
}

/// Whether the end-of-image marker follows the scans.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Segments::of(bytes).any(|(marker, _)| marker == END_OF_IMAGE)
}

const END_OF_IMAGE: u8 = 0xd9;

/// SOF0 to SOF15 without the three codes between them that mean tables.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Marker codes in order, each with the offset just behind it.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }
}

impl Iterator for Segments<'_> {
    type Item = (u8, usize);

    fn next(&mut self) -> Option<Self::Item> {
        // After a scan the entropy-coded bytes are skipped: in them 0xff is followed by 0 or a restart marker.
        // Between segments the same loop skips fill bytes.
        let marker_at = (self.at..self.bytes.len().saturating_sub(1))
            .find(|&at| self.bytes[at] == 0xff && !matches!(self.bytes[at + 1], 0x00 | 0x01 | 0xd0..=0xd7 | 0xff))?;
        let marker = self.bytes[marker_at + 1];
        let behind = marker_at + 2;
        self.at = match marker {
            END_OF_IMAGE => self.bytes.len(),
            _ => {
                let &[high, low] = self.bytes.get(behind..behind + 2)? else { return None };
                behind + usize::from(u16::from_be_bytes([high, low]))
            }
        };
        Some((marker, behind))
    }
}

/// Adobe's YCCK to its CMYK: luma and chroma say how much of three inks is missing, the fourth is as it is. ITU-T
/// T.872.
pub(super) fn inks_of_ycck(sample: &mut [u8]) {
    let &mut [luma, blue, red, _] = sample else { return };
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    let light = [luma + 1.402 * red, luma - 0.344_136 * blue - 0.714_136 * red, luma + 1.772 * blue];
    for (ink, light) in sample.iter_mut().zip(light) {
        // Stored the other way round than it is printed: 255 is no ink.
        *ink = 255 - light.round().clamp(0.0, 255.0) as u8;
    }
}
