//! A folder of labelled pictures, with the figure of each measured once.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use likeness_vision::consistency::Figure;
use likeness_vision::embedding::Embedder;
use likeness_vision::{Limits, decode};

/// One line of `labels.tsv`, with what was found in its picture.
pub(crate) struct Labelled {
    pub(crate) file: String,
    pub(crate) family: String,
    pub(crate) subject: String,
    /// `base`, `regen`, `pose`, ...; `-` where there is only one.
    pub(crate) variant: String,
    /// `None` where it is not known.
    pub(crate) angle: Option<u16>,
    pub(crate) figure: Option<Figure>,
}

impl Labelled {
    /// Subjects of one pack have one artist and look alike: the part of the name before its double underscore.
    pub(crate) fn pack(&self) -> &str {
        self.subject.split("__").next().unwrap_or_default()
    }
}

/// In the file's order. A picture that is all of one colour shows nothing and is left out.
pub(crate) fn read(folder: &Path, wanted: impl Fn(&Labelled) -> bool) -> Result<Vec<Labelled>, Box<dyn Error>> {
    let table = std::fs::read_to_string(folder.join("labels.tsv"))?;
    let embedder = Embedder::load();
    let mut pictures = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[file, family, subject, variant, angle, ..] = fields.as_slice() else {
            return Err(format!("labels.tsv: {line}").into());
        };
        let (family, subject, variant) = (family.to_owned(), subject.to_owned(), variant.to_owned());
        let mut labelled =
            Labelled { file: file.to_owned(), family, subject, variant, angle: angle.parse().ok(), figure: None };
        if wanted(&labelled) {
            let picture = decode(&std::fs::read(folder.join(file))?, &Limits::default())?;
            let rgb = picture.rgb();
            if rgb.chunks_exact(3).all(|pixel| pixel == &rgb[..3]) {
                continue;
            }
            labelled.figure = Figure::seen(&picture, embedder.as_ref()).ok();
            pictures.push(labelled);
        }
    }
    Ok(pictures)
}

/// By subject.
pub(crate) fn by_subject(pictures: &[Labelled]) -> BTreeMap<&str, Vec<&Labelled>> {
    let mut subjects: BTreeMap<&str, Vec<&Labelled>> = BTreeMap::new();
    for picture in pictures {
        subjects.entry(&picture.subject).or_default().push(picture);
    }
    subjects
}
