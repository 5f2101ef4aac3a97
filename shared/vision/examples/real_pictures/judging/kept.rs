//! What is measured of pairs and sets, as it is kept in files: of real pictures here, of drawn ones by `calibrate --export`.

use std::collections::BTreeMap;

use likeness_vision::consistency::ViewMeasures;

/// Two pictures compared.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct PairCase {
    pub(crate) subject: String,
    pub(crate) family: String,
    /// `same`, `near`, `turned`, `opposite`.
    pub(crate) relation: String,
    /// `right`, `pose`, `kin`, `far` or the name of a defect.
    pub(crate) what: String,
    pub(crate) files: [String; 2],
    pub(crate) measures: BTreeMap<String, BTreeMap<String, f64>>,
}

/// The views of a set, one or two of them perhaps wrong.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct SetCase {
    pub(crate) subject: String,
    pub(crate) family: String,
    /// `right` or what is wrong.
    pub(crate) what: String,
    pub(crate) views: Vec<ViewCase>,
}

/// A view of a set.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct ViewCase {
    pub(crate) claimed: u16,
    /// From where it is really seen; `None` where no angle is right: a mirrored front.
    pub(crate) side: Option<u16>,
    /// It is the one that is wrong.
    pub(crate) bad: bool,
    pub(crate) file: String,
    pub(crate) measures: ViewMeasures,
    /// Against the master alone.
    pub(crate) by_master: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Everything of a folder.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cases {
    pub(crate) pairs: Vec<PairCase>,
    pub(crate) sets: Vec<SetCase>,
}
