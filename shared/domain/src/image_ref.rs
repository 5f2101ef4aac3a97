//! How a request names an image: one that is there, one that a job is making, an address, or an earlier step's result.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::{InvalidId, JobId, MediaId, textual};

/// The name of an image in a request. Text: `img_…`, `job_…` (its first image), `https://…`, `$step` or `$step.90` (the
/// first image of a workflow's step, or the one from that angle).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ImageRef {
    /// An image of the project.
    Media(MediaId),
    /// The first image of a job.
    Job(JobId),
    /// An address that fal can reach. Checked where it is taken from a request.
    Url(String),
    /// A result of an earlier step.
    Step {
        /// The step's name.
        step: String,
        /// From where the subject is seen.
        angle: Option<u16>,
    },
}

impl ImageRef {
    /// The image, where it is known by now.
    #[must_use]
    pub fn media(&self) -> Option<&MediaId> {
        match self {
            Self::Media(id) => Some(id),
            Self::Job(_) | Self::Url(_) | Self::Step { .. } => None,
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(id) => id.fmt(f),
            Self::Job(id) => id.fmt(f),
            Self::Url(url) => f.write_str(url),
            Self::Step { step, angle: None } => write!(f, "${step}"),
            Self::Step { step, angle: Some(angle) } => write!(f, "${step}.{angle}"),
        }
    }
}

impl FromStr for ImageRef {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { expected: "an image id, a job id, an https address or a step such as $hero" };
        if let Some(rest) = text.strip_prefix('$') {
            let (step, angle) = match rest.split_once('.') {
                Some((step, angle)) => (step, Some(angle.parse().map_err(|_| invalid.clone())?)),
                None => (rest, None),
            };
            let step = is_step_name(step).then(|| step.to_owned()).ok_or(invalid)?;
            return Ok(Self::Step { step, angle });
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return Ok(Self::Url(text.to_owned()));
        }
        let media = text.parse().map(Self::Media);
        media.or_else(|_| text.parse().map(Self::Job)).map_err(|_| invalid)
    }
}

textual!(ImageRef);

/// Whether `text` can name a step: 1-40 letters, digits, `_` or `-`.
#[must_use]
pub fn is_step_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.len() <= 40 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_its_beginning() {
        let forms = [
            "img_01jd0000000000000000000000-3-0",
            "job_01jd0000000000000000000000",
            "https://images.example.com/a.png",
            "$hero",
            "$turn-1.90",
        ];
        for text in forms {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
        let step = ImageRef::Step { step: "turn".to_owned(), angle: Some(90) };
        assert_eq!("$turn.90".parse(), Ok(step));
        for bad in ["", "$", "$a b", "$a.x", "$a.b.c", "keeper", "ftp://x/y", "img_1", "../x"] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad}");
        }
    }
}
