//! PNG's chunks, read without decoding. <https://www.w3.org/TR/png-3/#5DataRep>

/// From IHDR, which must come first.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let (kind, _) = Chunks::of(bytes).next()?;
    let width = u32::from_be_bytes(bytes.get(16..20)?.try_into().ok()?);
    let height = u32::from_be_bytes(bytes.get(20..24)?.try_into().ok()?);
    (kind == *b"IHDR").then_some((width, height))
}

/// An APNG announces its frames before the first pixel.
pub(super) fn is_animated(bytes: &[u8]) -> bool {
    Chunks::of(bytes).take_while(|(kind, _)| kind != b"IDAT").any(|(kind, _)| kind == *b"acTL")
}

/// Whether the last chunk is there with all its bytes. The decoder itself checks the sums of what comes before.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Chunks::of(bytes).any(|(kind, complete)| kind == *b"IEND" && complete)
}

/// Chunk types in order, and whether each one's data and checksum are inside the file.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 8 }
    }
}

impl Iterator for Chunks<'_> {
    type Item = ([u8; 4], bool);

    fn next(&mut self) -> Option<Self::Item> {
        let head: [u8; 8] = self.bytes.get(self.at..self.at.checked_add(8)?)?.try_into().ok()?;
        let [l0, l1, l2, l3, kind @ ..] = head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        self.at = self.at.checked_add(length)?.checked_add(12)?;
        Some((kind, self.at <= self.bytes.len()))
    }
}
