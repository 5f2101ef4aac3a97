//! What a request names, looked up: images, jobs, subjects, people, LoRAs, collections, and the project's defaults.

use std::collections::{HashMap, HashSet};

use super::{Acceptor, Declined};
use crate::store::{JobView, StoreError};
use likeness_domain::{
    expected,
    field::Field,
    id::{JobId, ProjectId, SubjectId},
    image_ref::ImageRef,
    kind::{Kind, Material, Portrait, Unfit, Verification, portrait::Sitter, verification::Examined},
    media::Media,
    person::Person,
    shot::Shot,
    subject::Subject,
};

/// A request whose names are looked up.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The request, with defaults filled in and images in place of the jobs that it named.
    pub kind: Kind,
    /// What it names.
    pub material: Material,
}

/// What the steps of a workflow will have made before the one that is resolved.
#[derive(Debug, Clone, Default)]
pub struct Foreseen {
    images: HashMap<String, Vec<Media>>,
    subjects: HashMap<SubjectId, Subject>,
}

/// An image that a request names.
enum Found {
    /// It is there.
    There(Box<Media>),
    /// A job is making it: what it will be, as far as that can be said.
    Coming(Box<Media>),
}

impl Acceptor {
    /// Looks up what `kind` names. With what is `foreseen` of the steps before it in a workflow, an image that is still
    /// being made is taken as it will be; without, it is refused as not ready.
    ///
    /// # Errors
    /// Something is not there, or not yet, or the table was out of reach.
    pub async fn resolve(
        &self,
        project: &ProjectId,
        mut kind: Kind,
        foreseen: Option<&Foreseen>,
    ) -> Result<Resolved, Declined> {
        self.fill_in(project, &mut kind).await?;
        let (mut material, mut unfit) = (Material::default(), Vec::new());
        for (place, pointer) in kind.image_refs_mut() {
            let media = match self.named(project, place, pointer, foreseen).await {
                Ok(media) => media,
                // All that are not there are told at once.
                Err(Declined::Unfit(one)) => {
                    unfit.push(one);
                    None
                }
                Err(error) => return Err(error),
            };
            if let Some(media) = media {
                *pointer = ImageRef::Media(media.id.clone());
                material.media.insert(media.id.clone(), media);
            }
        }
        Unfit::none_of(unfit)?;
        if let Kind::Verification(verification) = &mut kind {
            self.find_collections(project, verification).await?;
        }
        material.subjects.extend(foreseen.into_iter().flat_map(|foreseen| foreseen.subjects.clone()));
        self.find_subjects(project, &kind, &mut material).await?;
        if let Kind::Portrait(portrait) = &kind {
            self.find_sitter(project, portrait, &mut material).await?;
        }
        Ok(Resolved { kind, material })
    }

    /// The image that `pointer` names; `None` for an address.
    async fn named(
        &self,
        project: &ProjectId,
        place: Field,
        pointer: &ImageRef,
        foreseen: Option<&Foreseen>,
    ) -> Result<Option<Media>, Declined> {
        match (pointer, foreseen) {
            (ImageRef::Step { step, angle }, Some(foreseen)) => Ok(Some(foreseen.image(place, step, *angle)?)),
            _ => match (self.find_image(project, place, pointer).await?, foreseen) {
                (None, _) => Ok(None),
                (Some(Found::There(media)), _) | (Some(Found::Coming(media)), Some(_)) => Ok(Some(*media)),
                (Some(Found::Coming(_)), None) => Err(not_ready(place)),
            },
        }
    }

    /// What the project says where the request says nothing.
    async fn fill_in(&self, project: &ProjectId, kind: &mut Kind) -> Result<(), StoreError> {
        match kind {
            Kind::Profile(profile) if profile.reroll_budget.is_none() => {
                let project = self.store.project(project).await?;
                profile.reroll_budget = project.and_then(|project| project.reroll_budget);
            }
            Kind::Profile(_)
            | Kind::Master(_)
            | Kind::Composite(_)
            | Kind::Portrait(_)
            | Kind::Regeneration(_)
            | Kind::Verification(_) => {}
        }
        Ok(())
    }

    /// Looks up the collections that are compared; one says whom the comparison is about.
    async fn find_collections(&self, project: &ProjectId, verification: &mut Verification) -> Result<(), Declined> {
        for (place, side) in [(Field::Examined, &verification.examined), (Field::Against, &verification.against)] {
            match side {
                Examined::Collection(id) => {
                    let found = self.store.collection(project, *id).await?;
                    let found = found.ok_or_else(|| Unfit::new(place, "is no collection of this project"))?;
                    verification.subject.get_or_insert(found.value.subject);
                }
                Examined::Image(_) | Examined::Upload(_) => {}
            }
        }
        Ok(())
    }

    /// Looks up whom the images in `material` show and whom `kind` is about.
    async fn find_subjects(&self, project: &ProjectId, kind: &Kind, material: &mut Material) -> Result<(), StoreError> {
        let about = kind.subject().cloned();
        let shown = material.media.values().filter_map(|media| media.subject.clone());
        for subject in shown.chain(about).collect::<HashSet<_>>() {
            if let Some(found) = self.store.subject(project, &subject).await? {
                material.subjects.insert(subject, found.value);
            }
        }
        Ok(())
    }

    /// Looks up the image that `pointer` names; `None` for an address.
    async fn find_image(
        &self,
        project: &ProjectId,
        place: Field,
        pointer: &ImageRef,
    ) -> Result<Option<Found>, Declined> {
        let unknown = || Unfit::new(place, "is no image of this project");
        match pointer {
            ImageRef::Url(_) => Ok(None),
            // A step that begins has the results of others in place.
            ImageRef::Step { step, .. } => {
                Err(Unfit::new(place, format!("names the step {step} of no workflow")).into())
            }
            ImageRef::Media(id) => {
                if let Some(media) = self.store.media(project, id).await? {
                    return Ok(Some(Found::There(Box::new(media))));
                }
                let view = self.job_of(project, id.shot().job).await?.ok_or_else(unknown)?;
                let shots = view.plain_shots();
                let shot = shots.iter().find(|shot| shot.id == id.shot() && !shot.is_settled()).ok_or_else(unknown)?;
                Ok(Some(Found::Coming(Box::new(expected::of_shot(&view.job.value, shot, id.clone())))))
            }
            ImageRef::Job(id) => {
                let view = self.job_of(project, *id).await?;
                let view = view.ok_or_else(|| Unfit::new(place, "is no job of this project"))?;
                let shots = view.plain_shots();
                if view.job.value.ending().is_none() {
                    let first = shots.first().ok_or_else(|| not_ready(place))?;
                    return Ok(Some(Found::Coming(Box::new(expected::of_shot(
                        &view.job.value,
                        first,
                        first.id.media(0),
                    )))));
                }
                let first = shots.iter().flat_map(Shot::media).next();
                let first = first.ok_or_else(|| Unfit::new(place, "is a job that made no image"))?;
                let media = self.store.media(project, first).await?.ok_or_else(unknown)?;
                Ok(Some(Found::There(Box::new(media))))
            }
        }
    }

    async fn job_of(&self, project: &ProjectId, id: JobId) -> Result<Option<JobView>, StoreError> {
        Ok(self.store.job(id).await?.filter(|view| view.job.value.project == *project))
    }

    /// Looks up the LoRA and the person of a portrait, the person once.
    async fn find_sitter(
        &self,
        project: &ProjectId,
        portrait: &Portrait,
        material: &mut Material,
    ) -> Result<(), Declined> {
        let (lora, known) = match &portrait.of {
            Sitter::Lora(id) => (Some(*id), None),
            Sitter::Person(person) => {
                let person = self.store.person(project, person).await?;
                let person = person.ok_or_else(|| Unfit::new(Field::Person, "is no person of this project"))?.value;
                (person.latest_lora, Some(person))
            }
        };
        let Some(id) = lora else { return Ok(()) };
        let lora = self.store.lora(id).await?.map(|lora| lora.value).filter(|lora| lora.project == *project);
        let lora = lora.ok_or_else(|| Unfit::new(Field::Lora, "is no LoRA of this project"))?;
        material.person = match known.filter(|known: &Person| known.id == lora.person) {
            Some(known) => Some(known),
            None => self.store.person(project, &lora.person).await?.map(|person| person.value),
        };
        material.lora = Some(lora);
        Ok(())
    }
}

impl Foreseen {
    /// Adds what the step `name` will have made.
    pub(super) fn add(&mut self, name: &str, images: Vec<Media>, subject: Option<Subject>) {
        self.images.insert(name.to_owned(), images);
        self.subjects.extend(subject.map(|subject| (subject.id.clone(), subject)));
    }

    fn image(&self, place: Field, step: &str, angle: Option<u16>) -> Result<Media, Unfit> {
        let images = self.images.get(step).map(Vec::as_slice).unwrap_or_default();
        let seen_so = images.iter().find(|image| angle.is_none() || image.recipe.angle == angle);
        seen_so.cloned().ok_or_else(|| {
            let angle = angle.map(|angle| format!(" from {angle} degrees")).unwrap_or_default();
            Unfit::new(place, format!("is an image{angle} that the step {step} does not make"))
        })
    }
}

fn not_ready(place: Field) -> Declined {
    let detail = "is still being made; wait for its job, or chain the two in a workflow".to_owned();
    Declined::NotReady { field: place, detail }
}
