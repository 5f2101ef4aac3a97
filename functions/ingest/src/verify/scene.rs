//! Scenes: whether every wanted figure is there, where, and as they look.

use std::sync::Arc;

use futures_util::future::try_join_all;
use likeness_domain::{
    id::MediaId,
    job::Job,
    kind::{Verification, composite},
    report::{
        CheckType, PASS,
        content::{SceneContent, SceneImage, SceneSlot, SlotState},
    },
    shot::Shot,
};
use likeness_vision::{
    Picture,
    consistency::{Backdrop, Figure, NoFigure},
    scene::{SceneReport, Wanted, find_in_scene},
};

use super::{
    NotVerified, apart,
    content::{self, Counted},
    look::{self, Looked, Unseen},
};
use crate::app::App;

/// A figure that is looked for.
pub(crate) struct Sought {
    slot: String,
    reference: Option<MediaId>,
    figure: Figure,
    at: Option<[f64; 2]>,
}

/// Looks at the references in `cast`; those that show no figure are left out.
pub(crate) async fn cast(app: &App, job: &Job, cast: &[composite::Sought<'_>]) -> Result<Vec<Sought>, NotVerified> {
    let sought = cast.iter().map(async |wanted| {
        let looked = look::image(app, &job.project, wanted.reference).await?;
        let (slot, reference) = (wanted.slot.to_owned(), Some(wanted.reference.clone()));
        Ok::<_, NotVerified>(looked.figure.ok().map(|figure| Sought { slot, reference, figure, at: wanted.at }))
    });
    Ok(try_join_all(sought).await?.into_iter().flatten().collect())
}

/// Looks for `cast` in every image of `shots`.
pub(crate) async fn of(
    app: &App,
    job: &Job,
    cast: Vec<Sought>,
    shots: &[Shot],
) -> Result<(SceneContent, Vec<MediaId>, Counted), NotVerified> {
    let cast = Arc::new(cast);
    let ids: Vec<MediaId> = shots.iter().flat_map(Shot::media).cloned().collect();
    let images = ids.iter().map(async |id| {
        let picture = look::whole(app, &job.project, id).await?;
        Ok::<_, NotVerified>(in_picture(Arc::clone(&cast), Some(id.clone()), picture).await)
    });
    let images = try_join_all(images).await?;
    let counted = counted(&images, CheckType::All, PASS);
    Ok((SceneContent { images }, ids, counted))
}

/// Looks for the one figure of `reference` in a picture that shows more than a figure; `None` where that says nothing: the
/// reference has surroundings of its own, or the figure is not found as it was drawn and what stands out can be compared.
pub(crate) async fn with_one(
    app: &App,
    reference: &Looked,
    examined: &Looked,
    asked: &Verification,
) -> Result<Option<(SceneContent, Counted)>, NotVerified> {
    let Some(figure) = reference.figure.as_ref().ok().filter(|figure| figure.backdrop == Backdrop::Plain) else {
        return Ok(None);
    };
    let stands_out = match &examined.figure {
        Ok(figure) if figure.backdrop == Backdrop::Busy => true,
        Err(Unseen::NoFigure(NoFigure::BackdropNotPlain | NoFigure::NothingStandsOut)) => false,
        Ok(_) | Err(Unseen::NoFigure(_) | Unseen::Picture(_)) => return Ok(None),
    };
    let sought =
        Sought { slot: "reference".to_owned(), reference: reference.id.clone(), figure: figure.clone(), at: None };
    let picture = look::object_whole(app, &examined.key).await?;
    let image = in_picture(Arc::new(vec![sought]), examined.id.clone(), picture).await;
    if stands_out && !matches!(image.slots.first().map(|slot| &slot.state), Some(SlotState::Found)) {
        return Ok(None);
    }
    let images = vec![image];
    let counted = counted(&images, asked.check, asked.threshold);
    Ok(Some((SceneContent { images }, counted)))
}

async fn in_picture(cast: Arc<Vec<Sought>>, media_id: Option<MediaId>, picture: Result<Picture, String>) -> SceneImage {
    let nothing = |media_id, reason: &str| SceneImage {
        media_id,
        slots: Vec::new(),
        extra: Vec::new(),
        overall: None,
        passed: false,
        not_judged_reason: Some(reason.to_owned()),
    };
    let picture = match picture {
        Ok(picture) if !cast.is_empty() => picture,
        Ok(_) => {
            return nothing(
                media_id,
                "nobody can be looked for: no reference shows a figure before a plain backdrop, or the scene is a portrait",
            );
        }
        Err(reason) => return nothing(media_id, &reason),
    };
    let work = {
        let cast = Arc::clone(&cast);
        move || {
            let wanted: Vec<Wanted<'_>> =
                cast.iter().map(|sought| Wanted { figure: &sought.figure, at: sought.at }).collect();
            find_in_scene(&picture, &wanted)
        }
    };
    let Some(SceneReport { slots, extra, passed, overall }) = apart(work).await else {
        return nothing(media_id, "the image could not be worked on");
    };
    let named = cast.iter().zip(slots);
    let slots = named.map(|(sought, found)| SceneSlot {
        slot: sought.slot.clone(),
        reference: sought.reference.clone(),
        state: content::state(found.state),
        place: found.place.map(content::frame),
        score: found.score,
        checks: content::of_slot(found.checks),
        issues: found.issues.into_iter().map(content::issue).collect(),
    });
    SceneImage {
        media_id,
        slots: slots.collect(),
        extra: extra.into_iter().map(content::frame).collect(),
        overall,
        passed,
        not_judged_reason: None,
    }
}

/// Each figure has one score, by its colours: other checks are not judged in a scene. A missing one has 0.
fn counted(images: &[SceneImage], check: CheckType, threshold: f64) -> Counted {
    let judged = || images.iter().filter(|image| check.counts("color") && image.overall.is_some());
    let right = |slot: &SceneSlot| match slot.state {
        SlotState::Found => slot.score.is_none_or(|score| score >= threshold),
        SlotState::Missing | SlotState::Swapped { .. } | SlotState::Blended { .. } => false,
        SlotState::NotJudged { .. } => true,
    };
    let passes = |image: &SceneImage| image.extra.is_empty() && image.slots.iter().all(right);
    let overall = Counted::each(judged().filter_map(|image| image.overall), threshold).overall;
    Counted { overall, passed: judged().next().map(|_| judged().all(passes)) }
}
