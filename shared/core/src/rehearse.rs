//! A workflow before anything of it is made: each step is planned as if the ones before it had made all that they were
//! asked for, so that nothing is paid for a chain that cannot come to its end.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    expected,
    id::{JobId, ProjectId, SubjectId},
    intake::{Declined, Found, Intake, show},
    kind::{Kind, Material, Unfit},
    media::Media,
    pointer::ImagePointer,
    subject::Subject,
    workflow::Step,
};

/// A step that could never begin, or not now, and why.
#[derive(Debug)]
pub struct Hopeless {
    /// Which.
    pub step: usize,
    /// Why.
    pub why: Declined,
}

/// What the steps up to here will have made.
#[derive(Default)]
struct Made<'a> {
    images: HashMap<&'a str, Vec<Media>>,
    subjects: HashMap<SubjectId, Subject>,
}

impl Intake {
    /// Plans every one of `steps` and writes nothing. Those that need no other are to begin at once, unless earlier jobs
    /// answer them, and so have to find room in their lanes; the others wait where there is none.
    ///
    /// # Errors
    /// A step could never begin, or not now, or the table was out of reach.
    pub async fn rehearse(
        &self,
        project: &ProjectId,
        steps: &[Step],
        may_be_cached: bool,
        now: Timestamp,
    ) -> Result<(), Hopeless> {
        let mut made = Made::default();
        let mut first = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let hopeless = |why| Hopeless { step: index, why };
            let key = self.rehearse_step(project, step, &mut made, now).await.map_err(hopeless)?;
            if step.needs().is_empty() {
                first.push((index, key.filter(|_| may_be_cached)));
            }
        }
        // Only now: what is wrong with a request is said before when it may come again.
        for (index, key) in first {
            let room = self.room_to_begin(project, &steps[index].kind, key, now).await;
            room.map_err(|why| Hopeless { step: index, why })?;
        }
        Ok(())
    }

    async fn room_to_begin(
        &self,
        project: &ProjectId,
        kind: &Kind,
        cache_key: Option<String>,
        now: Timestamp,
    ) -> Result<(), Declined> {
        match cache_key {
            Some(key) if self.made_before(project, &key, now).await?.is_some() => Ok(()),
            Some(_) | None => self.room_for(kind, false, now).await,
        }
    }

    /// What makes the step the same as another comes back.
    async fn rehearse_step<'a>(
        &self,
        project: &ProjectId,
        step: &'a Step,
        made: &mut Made<'a>,
        now: Timestamp,
    ) -> Result<Option<String>, Declined> {
        let mut kind = step.kind.clone();
        let mut material = Material::default();
        for (place, pointer) in kind.pointers_mut() {
            let image = match pointer {
                ImagePointer::Step { step, angle } => Some(made.image(&place, step, *angle)?),
                ImagePointer::Media(_) | ImagePointer::Job(_) | ImagePointer::Url(_) => {
                    let found = self.find_image(project, &place, pointer).await?;
                    found.map(|(Found::There(media) | Found::Coming(media))| *media)
                }
            };
            if let Some(image) = image {
                show(&mut material, pointer, image);
            }
        }
        for (id, subject) in &made.subjects {
            material.subjects.insert(id.clone(), subject.clone());
        }
        self.find_subjects(project, &kind, &mut material).await?;
        let plan = kind.plan(&material, &self.setting(project, now))?;
        let job = JobId::new(now, &self.entropy);
        let images = (0..).zip(&plan.recipes).map(|(ordinal, recipe)| {
            let id = job.shot(ordinal).media(0);
            expected::image(id, project, &plan.filing, recipe, now)
        });
        made.images.insert(&step.name, images.collect());
        made.subjects.extend(plan.new_subject.into_iter().map(|subject| (subject.id.clone(), subject)));
        Ok(plan.cache_key)
    }
}

impl Made<'_> {
    fn image(&self, place: &str, step: &str, angle: Option<u16>) -> Result<Media, Unfit> {
        let images = self.images.get(step).map(Vec::as_slice).unwrap_or_default();
        let seen_so = images.iter().find(|image| angle.is_none() || image.recipe.angle == angle);
        seen_so.cloned().ok_or_else(|| {
            let angle = angle.map(|angle| format!(" from {angle} degrees")).unwrap_or_default();
            Unfit::new(place, format!("is an image{angle} that the step {step} does not make"))
        })
    }
}
