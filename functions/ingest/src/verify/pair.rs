//! One picture against another.

use likeness_core::{collection::Collection, job::Job, report::CheckType};
use likeness_vision::{
    consistency::{Facing, Relation, Report, compare},
    sheet::pair_sheet,
};

use super::{
    NotVerified,
    content::{Counted, PairContent},
    face::{self, FaceContent},
    look::{self, Looked},
};
use crate::app::App;

/// Two pictures, compared.
pub(crate) struct Pair {
    reference: Looked,
    examined: Looked,
    relation: Relation,
    matched_angle: Option<u16>,
    report: Option<Report>,
    orientation: Option<Facing>,
    face: Option<FaceContent>,
}

impl Pair {
    /// As far as their angles are known they are taken into account; else both are taken to be seen from the same side.
    pub(crate) fn of(reference: Looked, examined: Looked, matched_angle: Option<u16>) -> Self {
        let relation = match (reference.angle, examined.angle) {
            (Some(from), Some(to)) => Relation::of(f64::from(to) - f64::from(from)),
            (None, _) | (_, None) => Relation::Same,
        };
        let report = match (&reference.figure, &examined.figure) {
            (Ok(reference), Ok(examined)) => Some(compare(reference, examined, relation)),
            (Err(_), _) | (_, Err(_)) => None,
        };
        Self { reference, examined, relation, matched_angle, report, orientation: None, face: None }
    }

    /// What was found elsewhere.
    pub(crate) fn judged(
        reference: Looked,
        examined: Looked,
        relation: Relation,
        judged: Option<(Report, Option<Facing>)>,
    ) -> Self {
        let (report, orientation) = judged.map_or((None, None), |(report, orientation)| (Some(report), orientation));
        Self { reference, examined, relation, matched_angle: None, report, orientation, face: None }
    }

    /// With what the face says, where both are seen from the same side.
    pub(crate) async fn with_face(self, app: &App) -> Self {
        let face = match self.relation {
            Relation::Same => face::compare(app, &self.reference, &self.examined).await,
            Relation::Turned | Relation::Opposite => None,
        };
        Self { face, ..self }
    }

    pub(crate) fn counted(&self, check: CheckType, threshold: f64) -> Counted {
        let counted = self.report.as_ref().map_or(Counted::NOTHING, |report| Counted::of(report, check, threshold));
        let turned = matches!(self.orientation, Some(Facing::Wrong { .. }));
        let stranger = self.face.as_ref().is_some_and(FaceContent::failed);
        counted.unless(check == CheckType::All && (turned || stranger))
    }

    pub(crate) fn content(&self) -> PairContent {
        let reason = |whose: &str, looked: &Looked| looked.figure.as_ref().err().map(|why| format!("{whose}: {why}"));
        PairContent {
            relation: match self.relation {
                Relation::Same => "same",
                Relation::Turned => "turned",
                Relation::Opposite => "opposite",
            },
            matched_angle: self.matched_angle,
            report: self.report.clone(),
            orientation: self.orientation.clone(),
            specification_differences: match self.relation {
                Relation::Same => self.reference.differences(&self.examined),
                Relation::Turned | Relation::Opposite => Vec::new(),
            },
            face: self.face.clone(),
            not_judged_reason: reason("the reference", &self.reference).or_else(|| reason("the image", &self.examined)),
        }
    }

    pub(crate) fn sheet(&self) -> Option<String> {
        let (reference, examined) = (self.reference.thumbnail.as_ref()?, self.examined.thumbnail.as_ref()?);
        Some(pair_sheet(reference, examined, self.report.as_ref()?))
    }
}

/// `examined`, of which nobody knows from where it shows its subject, against the master and every view of `collection`:
/// the comparison with the one that it is most like.
pub(crate) async fn most_like(
    app: &App,
    job: &Job,
    master: Looked,
    collection: &Collection,
    examined: Looked,
) -> Result<Pair, NotVerified> {
    let mut views = vec![(0, master.seen_from(None))];
    for view in &collection.views {
        views.push((view.angle, look::image(app, &job.project, &view.media).await?.seen_from(None)));
    }
    let alike = |view: &Looked| match (&view.figure, &examined.figure) {
        (Ok(view), Ok(examined)) => compare(view, examined, Relation::Same).overall.unwrap_or_default(),
        (Err(_), _) | (_, Err(_)) => -1.0,
    };
    let best = views.iter().map(|(_, view)| alike(view)).enumerate();
    let (best, _) = best.fold((0, -1.0), |best, next| if next.1 > best.1 { next } else { best });
    let (angle, reference) = views.swap_remove(best);
    Ok(Pair::of(reference, examined, Some(angle)))
}
