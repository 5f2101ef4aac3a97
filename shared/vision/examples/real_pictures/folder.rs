//! The folder: pictures and what `labels.tsv` says of them.

use std::error::Error;
use std::fs;
use std::path::Path;

use likeness_vision::{Limits, Picture, decode};

/// A picture's labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) file: String,
    /// `photo`, `render`, `generated`, ...
    pub(crate) family: String,
    pub(crate) subject: String,
    pub(crate) variant: String,
    /// `None` where it is not known.
    pub(crate) angle: Option<u16>,
}

/// The labels of all pictures, in the order of the file.
pub(crate) fn labels(folder: &Path) -> Result<Vec<Labels>, Box<dyn Error>> {
    let text = fs::read_to_string(folder.join("labels.tsv"))?;
    let parsed = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [file, family, subject, variant, angle, ..] = cells[..] else {
            return Err(format!("labels.tsv: {line:?} has too few cells"));
        };
        let [file, family, subject, variant] = [file, family, subject, variant].map(str::to_owned);
        Ok(Labels { file, family, subject, variant, angle: angle.parse().ok() })
    };
    Ok(text.lines().skip(1).filter(|line| !line.is_empty()).map(parsed).collect::<Result<_, _>>()?)
}

/// The picture of `labels`, decoded as the service does it.
pub(crate) fn picture(folder: &Path, labels: &Labels) -> Result<Picture, Box<dyn Error>> {
    let bytes = fs::read(folder.join(&labels.file))?;
    Ok(decode(&bytes, &Limits::default()).map_err(|why| format!("{}: {why}", labels.file))?)
}
