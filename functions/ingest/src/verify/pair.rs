//! One picture against another.

use futures_util::future::try_join_all;
use likeness_domain::{
    collection::Collection,
    job::Job,
    report::{
        CheckType,
        content::{FaceContent, PairContent},
    },
};
use likeness_vision::{
    consistency::{Facing, Figure, Relation, Report, compare},
    sheet::pair_sheet,
};

use super::{
    NotVerified, apart,
    content::{self, Counted},
    face,
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
    pub(crate) async fn of(reference: Looked, examined: Looked, matched_angle: Option<u16>) -> Self {
        let relation = match (reference.angle, examined.angle) {
            (Some(from), Some(to)) => Relation::of(f64::from(to) - f64::from(from)),
            (None, _) | (_, None) => Relation::Same,
        };
        let report = match (&reference.figure, &examined.figure) {
            (Ok(reference), Ok(examined)) => {
                let (reference, examined) = (reference.clone(), examined.clone());
                apart(move || compare(&reference, &examined, relation)).await
            }
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
            Relation::Near | Relation::Turned | Relation::Opposite => None,
        };
        Self { face, ..self }
    }

    pub(crate) fn counted(&self, check: CheckType, threshold: f64) -> Counted {
        let counted = self.report.as_ref().map_or(Counted::NOTHING, |report| Counted::of(report, check, threshold));
        let turned = matches!(self.orientation, Some(Facing::Wrong { .. }));
        let stranger = self.face.as_ref().is_some_and(FaceContent::failed);
        counted.unless(check == CheckType::All && (turned || stranger))
    }

    /// In full and as a drawing.
    pub(crate) async fn told(self) -> (PairContent, Option<String>) {
        let unjudged = self.unjudged();
        apart(move || (self.content(), self.sheet())).await.unwrap_or((unjudged, None))
    }

    /// What is left to say where the work on the pictures ends in a panic.
    fn unjudged(&self) -> PairContent {
        PairContent {
            relation: content::sides(self.relation),
            matched_angle: self.matched_angle,
            report: None,
            orientation: None,
            specification_differences: Vec::new(),
            face: self.face.clone(),
            not_judged_reason: Some("the pictures could not be worked on".to_owned()),
        }
    }

    fn content(&self) -> PairContent {
        let reason = |whose: &str, looked: &Looked| looked.figure.as_ref().err().map(|why| format!("{whose}: {why}"));
        PairContent {
            relation: content::sides(self.relation),
            matched_angle: self.matched_angle,
            report: self.report.clone().map(content::pair),
            orientation: self.orientation.clone().map(content::facing),
            specification_differences: match self.relation {
                Relation::Same => self.reference.differences(&self.examined),
                Relation::Near | Relation::Turned | Relation::Opposite => Vec::new(),
            },
            face: self.face.clone(),
            not_judged_reason: reason("the reference", &self.reference).or_else(|| reason("the image", &self.examined)),
        }
    }

    fn sheet(&self) -> Option<String> {
        let (reference, examined) = (self.reference.thumbnail.as_ref()?, self.examined.thumbnail.as_ref()?);
        Some(pair_sheet(reference, examined, self.report.as_ref()?))
    }
}

/// `examined`, whose angle is not known, against the master and every view of `collection`:
/// the comparison with the one that it is most like.
pub(crate) async fn most_like(
    app: &App,
    job: &Job,
    master: Looked,
    collection: &Collection,
    examined: Looked,
) -> Result<Pair, NotVerified> {
    let views = collection.views.iter().map(async |view| {
        Ok::<_, NotVerified>((view.angle, look::image(app, &job.project, &view.media).await?.seen_from(None)))
    });
    let mut views = try_join_all(views).await?;
    views.insert(0, (0, master.seen_from(None)));
    let own = examined.figure.as_ref().ok().cloned();
    let figures: Vec<Option<Figure>> = views.iter().map(|(_, view)| view.figure.as_ref().ok().cloned()).collect();
    let best = apart(move || {
        let alike = |view: &Option<Figure>| match (view, &own) {
            (Some(view), Some(own)) => compare(view, own, Relation::Same).overall.unwrap_or_default(),
            (None, _) | (_, None) => -1.0,
        };
        let scores = figures.iter().map(alike).enumerate();
        scores.fold((0, -1.0), |best, next| if next.1 > best.1 { next } else { best }).0
    });
    let (angle, reference) = views.swap_remove(best.await.unwrap_or_default());
    Ok(Pair::of(reference, examined, Some(angle)).await)
}
