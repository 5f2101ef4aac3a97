//! Consistency reports: what pictures were judged to be when they were compared. The comparing itself is
//! `likeness-vision`'s; here is what is kept of it, and what jobs go by.

pub mod content;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::content::Content;
use crate::{
    as_text,
    failure::Failure,
    id::{JobId, MediaId, ProjectId, ReportId, SubjectId},
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
    pub check: CheckType,
    /// From which score on a check passes.
    pub threshold: f64,
    /// 0 to 1; `None` where nothing could be judged.
    pub overall: Option<f64>,
    /// `None` where it could not be judged: `not_judged` says why.
    pub passed: Option<bool>,
    /// Why there is no verdict, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    #[serde(with = "as_text")]
    pub content: Content,
    /// The key of the drawn report, an SVG.
    pub sheet: Option<String>,
}

impl Report {
    /// The verdict as a word: a comparison that could not be made is neither passed nor failed.
    #[must_use]
    pub fn verdict(&self) -> ReportVerdict {
        match self.passed {
            Some(true) => ReportVerdict::Passed,
            Some(false) => ReportVerdict::Failed,
            None => ReportVerdict::NotJudged,
        }
    }
}

/// What a report comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ReportVerdict {
    /// Everything that was asked for was judged, and nothing speaks against it.
    Passed,
    /// Something speaks against it.
    Failed,
    /// It could not be compared, or not all of it.
    NotJudged,
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
