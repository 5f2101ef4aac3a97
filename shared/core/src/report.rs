//! Consistency reports: what pictures were judged to be when they were compared. The comparing itself is
//! `likeness-vision`'s; here is what is kept of it, and what jobs go by.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    failure::Failure,
    id::{InvalidId, JobId, MediaId, ProjectId, ReportId, SubjectId},
};

/// The score from which on a check passes unless the request says otherwise: where the checks are calibrated.
pub const PASS: f64 = 0.7;

/// One image judged in its set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The number of the shot that made it.
    pub shot: u16,
    /// Nothing speaks against it. What could not be judged passes.
    pub passed: bool,
    /// 0 to 1; `None` where nothing could be judged.
    pub score: Option<f64>,
}

/// What comparing says of a job whose shots are all settled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verified {
    /// The images that were judged.
    pub judged: Vec<Judged>,
    /// Something speaks against what the job made, whatever image it is.
    pub doubtful: bool,
    /// Where it stands in full.
    pub report: Option<ReportId>,
    /// It could not be done at all, where it was all that the job was for.
    pub failure: Option<Failure>,
}

/// A stored report. Its id is its job's in another form, so that writing it twice is one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Whom or what it is about, where that is known.
    pub subject: Option<SubjectId>,
    /// The job that it was made for.
    pub job: JobId,
    /// When it was made.
    pub created_at: Timestamp,
    /// What was compared with, as the request named it.
    pub reference: String,
    /// The images that were judged.
    pub images: Vec<MediaId>,
    /// Which checks count.
    pub check: CheckType,
    /// From which score on a check passes.
    pub threshold: f64,
    /// 0 to 1; `None` where nothing could be judged.
    pub overall: Option<f64>,
    /// `None` where nothing could be judged.
    pub passed: Option<bool>,
    /// Everything, as JSON.
    pub content: String,
    /// The key of the drawn report, an SVG.
    pub sheet: Option<String>,
}

/// Which checks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckType {
    /// Colours of skin, hair and clothes.
    Color,
    /// Heights and widths.
    Proportion,
    /// Face, hair, clothes and what is carried.
    Features,
    /// How it is drawn.
    Style,
    /// All of them.
    #[default]
    All,
}

impl CheckType {
    /// Whether the check of this name counts.
    #[must_use]
    pub fn counts(self, check: &str) -> bool {
        match self {
            Self::All => true,
            Self::Color => check == "color",
            Self::Proportion => check == "proportion",
            Self::Features => check == "features",
            Self::Style => check == "style",
        }
    }
}

/// A picture that a caller uploaded to have it compared. Text: `upl_` and 32 hexadecimal digits. It has no record: it is
/// there while its object is, which is a matter of days.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UploadId(String);

impl UploadId {
    /// A new one, which nobody can guess.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// Where its object is.
    #[must_use]
    pub fn key(&self, project: &ProjectId) -> String {
        crate::filing::project_folder(project, &format!("uploads/{}", self.0))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upl_{}", self.0)
    }
}

impl FromStr for UploadId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("upl_").filter(|digits| digits.len() == 32);
        let plain = |digits: &&str| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = digits.filter(plain).ok_or(InvalidId { expected: "an upload id" })?;
        Ok(Self(digits.to_owned()))
    }
}

impl TryFrom<String> for UploadId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<UploadId> for String {
    fn from(id: UploadId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_has_one_spelling_and_no_way_out_of_its_folder() {
        let id = UploadId::new([0xab; 16]);
        assert_eq!(id.to_string().parse::<UploadId>().as_ref(), Ok(&id));
        assert_eq!(id.key(&"isle".parse().unwrap()), format!("projects/isle/uploads/{}", "ab".repeat(16)));
        for bad in ["upl_", "upl_../../../../../../../../../x.pn", &format!("upl_{}", "AB".repeat(16)), "ab"] {
            assert!(bad.parse::<UploadId>().is_err(), "{bad}");
        }
    }
}
