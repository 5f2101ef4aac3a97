//! What was found in a document so far.

/// What was found so far, from one reading to the next.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) found: Vec<(String, String)>,
    /// Members that are passed over from now on.
    pub(super) dropped: Vec<String>,
    /// Members that are missing: their object, and their name.
    pub(super) stand_ins: Vec<(String, &'static str)>,
}

impl Notes {
    /// Grows with each thing that is found.
    pub(super) fn progress(&self) -> usize {
        self.found.len() + self.dropped.len() + self.stand_ins.len()
    }

    pub(super) fn note(&mut self, pointer: String, detail: String) {
        if !self.found.iter().any(|(known, _)| *known == pointer) {
            self.found.push((pointer, detail));
        }
    }

    pub(super) fn drop(&mut self, pointer: String) {
        if !self.dropped.contains(&pointer) {
            self.dropped.push(pointer);
        }
    }
}
