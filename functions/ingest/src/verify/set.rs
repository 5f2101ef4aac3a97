//! The views of a subject, judged together.

use futures_util::future::try_join_all;
use likeness_domain::{
    collection::Collection,
    id::MediaId,
    job::Job,
    report::{
        CheckType, Judged,
        content::{AttemptContent, SetContent, UnjudgedView, ViewFace},
    },
    shot::Shot,
};
use likeness_vision::{
    Picture,
    consistency::{Facing, Figure, Relation, SetReport, verify_set},
    sheet::set_sheet,
};

use super::{
    NotVerified, apart,
    content::{self, Counted},
    face,
    look::{self, Looked},
    pair::Pair,
};
use crate::app::App;

/// Views with their master, judged.
pub(crate) struct Set {
    master: Looked,
    views: Vec<View>,
    report: SetReport,
    faces: Vec<ViewFace>,
    differences: Vec<String>,
}

struct View {
    angle: u16,
    /// The shot that made it, where it is one of this job's.
    shot: Option<u16>,
    thumbnail: Option<Picture>,
    /// Why it is not in the report.
    unseen: Option<String>,
}

impl Set {
    /// The images of `shots`.
    pub(crate) async fn of(app: &App, job: &Job, master: Looked, shots: &[&Shot]) -> Result<Self, NotVerified> {
        let images =
            shots.iter().filter_map(|shot| Some((shot.recipe.angle?, Some(shot.id.ordinal), shot.media().first()?)));
        Self::of_images(app, job, master, images.collect()).await
    }

    /// The images of `collection`.
    pub(crate) async fn of_collection(
        app: &App,
        job: &Job,
        master: Looked,
        collection: &Collection,
    ) -> Result<Self, NotVerified> {
        let images = collection.views.iter().map(|view| (view.angle, None, &view.media));
        Self::of_images(app, job, master, images.collect()).await
    }

    async fn of_images(
        app: &App,
        job: &Job,
        master: Looked,
        images: Vec<(u16, Option<u16>, &MediaId)>,
    ) -> Result<Self, NotVerified> {
        // How many at once is for the admission to say.
        let looked = images.into_iter().map(async |(angle, shot, image)| {
            let mut looked = look::image(app, &job.project, image).await?.seen_from(Some(angle));
            let face = face::compare(app, &master, &looked).await;
            looked.bytes = None;
            let face = face.map(|face| ViewFace { angle, face });
            Ok::<_, NotVerified>(((angle, shot, looked), face))
        });
        let (views, faces): (Vec<_>, Vec<_>) = try_join_all(looked).await?.into_iter().unzip();
        let faces = faces.into_iter().flatten().collect();
        Ok(apart(move || Self::judge(master, views, faces)).await.unwrap_or_else(Self::unjudged))
    }

    /// What is left to say where the work on the views ends in a panic.
    fn unjudged() -> Self {
        let master = Looked::unseen("the views could not be worked on");
        Self { master, views: Vec::new(), report: nothing_judged(), faces: Vec::new(), differences: Vec::new() }
    }

    fn judge(master: Looked, looked: Vec<(u16, Option<u16>, Looked)>, faces: Vec<ViewFace>) -> Self {
        let front = looked.iter().find(|(angle, ..)| *angle == 0);
        let differences = front.map(|(_, _, front)| master.differences(front)).unwrap_or_default();
        let (mut figures, mut views): (Vec<(u16, Figure)>, Vec<View>) = (Vec::new(), Vec::new());
        for (angle, shot, Looked { figure, thumbnail, .. }) in looked {
            let unseen = match figure {
                Ok(figure) => {
                    figures.push((angle, figure));
                    None
                }
                Err(reason) => Some(reason.to_string()),
            };
            views.push(View { angle, shot, thumbnail, unseen });
        }
        let report = match &master.figure {
            Ok(front) => verify_set(front, &figures),
            Err(_) => nothing_judged(),
        };
        Self { master, views, report, faces, differences }
    }

    pub(crate) fn into_master(self) -> Looked {
        self.master
    }

    /// What each shot's image was judged to be.
    pub(crate) fn judged(&self) -> Vec<Judged> {
        let judged = |view: &View| {
            let report = self.report.angles.iter().find(|report| report.angle == view.angle);
            let stranger = self.faces.iter().any(|face| face.angle == view.angle && face.face.failed());
            let passed = report.is_none_or(|report| report.passed) && !stranger;
            Some(Judged { shot: view.shot?, passed, score: report.and_then(|report| report.score) })
        };
        self.views.iter().filter_map(judged).collect()
    }

    /// What counts: all views, where all checks do also whether each is the view that it should be.
    pub(crate) fn counted(&self, check: CheckType, threshold: f64) -> Counted {
        let reports = || self.report.angles.iter();
        let counted = match check {
            CheckType::All => Counted::whole(self.report.overall, threshold),
            CheckType::Color | CheckType::Proportion | CheckType::Features | CheckType::Style => {
                let checks = reports().flat_map(|angle| angle.report.checks());
                let checks = checks.filter(|(name, _)| check.counts(name));
                Counted::each(checks.filter_map(|(_, verdict)| verdict.score()), threshold)
            }
        };
        let counted = counted.if_complete(self.views.iter().all(|view| view.unseen.is_none()));
        let turned = reports().any(|angle| matches!(angle.orientation, Facing::Wrong { .. }));
        let stranger = self.faces.iter().any(|face| face.face.failed());
        counted.unless(check == CheckType::All && (turned || stranger))
    }

    /// In full and as a drawing.
    pub(crate) async fn told(self, attempts: Vec<AttemptContent>) -> (SetContent, Option<String>) {
        let unjudged = Self::unjudged();
        let told = apart(move || {
            let sheet = self.sheet();
            (self.content(attempts), sheet)
        });
        told.await.unwrap_or_else(|| (unjudged.content(Vec::new()), None))
    }

    fn content(self, attempts: Vec<AttemptContent>) -> SetContent {
        let not_judged = self.views.into_iter();
        SetContent {
            not_judged: not_judged
                .filter_map(|view| Some(UnjudgedView { angle: view.angle, reason: view.unseen? }))
                .collect(),
            not_judged_reason: self.master.figure.err().map(|reason| format!("the master: {reason}")),
            specification_differences: self.differences,
            faces: self.faces,
            attempts,
            ..content::set(self.report)
        }
    }

    /// The report as a drawing, where there is a master to draw.
    fn sheet(&self) -> Option<String> {
        let views: Vec<(u16, &Picture)> =
            self.views.iter().filter_map(|view| Some((view.angle, view.thumbnail.as_ref()?))).collect();
        Some(set_sheet(self.master.thumbnail.as_ref()?, &views, &self.report))
    }
}

fn nothing_judged() -> SetReport {
    SetReport {
        overall: None,
        color: None,
        proportion: None,
        feature: None,
        style: None,
        passed: false,
        angles: Vec::new(),
        issues: Vec::new(),
    }
}

/// `examined` as the view of `collection` from `angle`, among the others.
pub(crate) async fn view_in(
    app: &App,
    job: &Job,
    master: Looked,
    collection: &Collection,
    angle: u16,
    examined: Looked,
) -> Result<Pair, NotVerified> {
    let others = collection.views.iter().filter(|view| view.angle != angle).map(async |view| {
        Ok::<_, NotVerified>((view.angle, look::image(app, &job.project, &view.media).await?.figure.ok()))
    });
    let others = try_join_all(others).await?;
    let mut figures: Vec<(u16, Figure)> =
        others.into_iter().filter_map(|(angle, figure)| Some((angle, figure?))).collect();
    let judged = match (&master.figure, &examined.figure) {
        (Ok(front), Ok(figure)) => {
            figures.push((angle, figure.clone()));
            let front = front.clone();
            let report = apart(move || verify_set(&front, &figures).angles.pop()).await.flatten();
            report.map(|report| (report.report, Some(report.orientation)))
        }
        (Err(_), _) | (_, Err(_)) => None,
    };
    Ok(Pair::judged(master, examined, Relation::of(f64::from(angle)), judged))
}
