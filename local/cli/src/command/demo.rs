//! `likeness demo "…"`: from one sentence a character, its turnaround and a scene, through the front door, seen by a person.

mod api;
mod progress;

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use likeness_core::config::Env;
use likeness_domain::rng::Rng;
use serde_json::json;
use tokio::time::Instant;

use super::data::{Data, running};
use crate::contact_sheet::{Entry, contact_sheet};
use api::{Api, Consistency, Cost, Made, Picture};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// What the character looks like, 10 to 1000 characters.
    description: String,
    /// What happens in the scene, 10 to 1000 characters.
    #[arg(long, default_value = "the character stands at the harbour at dusk, boats behind", value_parser = scene)]
    scene: String,
    /// Where the pictures go.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Where everything is kept; a `likeness serve` that runs on it is used.
    #[arg(long, default_value = ".likeness")]
    data: PathBuf,
    /// The port of the API, if none runs yet.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// How long the emulator takes for a picture.
    #[arg(long, default_value_t = 1500, value_name = "MILLISECONDS")]
    fal_delay: u64,
}

type Failed = Box<dyn Error + Send + Sync>;

/// The API looks at it only when thirteen pictures have been paid for.
fn scene(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if (10..=1000).contains(&length) {
        Ok(text.to_owned())
    } else {
        Err(format!("it has {length} characters, 10 to 1000 are allowed"))
    }
}

impl Demo {
    pub(super) async fn run(self, env: &Env) -> Result<(), Failed> {
        let Some(data) = Data::take(&self.data)? else {
            let (url, key) = running(&self.data)?;
            return self.make(&Api::new(url, key)?).await;
        };
        let (stack, token) = data.start(env, self.port, Duration::from_millis(self.fal_delay)).await?;
        let made = self.make(&Api::new(stack.url().to_owned(), token)?).await;
        stack.stop().await;
        made
    }

    async fn make(&self, api: &Api) -> Result<(), Failed> {
        let started = Instant::now();
        let subject = format!("demo-{}", hex::encode(Rng::from_os().bytes::<4>()));
        let request = json!({ "subjectType": "character", "subjectId": subject, "description": self.description });
        let (master, master_cost) = api.generate("master", "master", &request).await?;
        let picture = master.first()?;
        fs::create_dir_all(&self.out)?;
        let master_file = self.save(api, picture, &format!("{subject}-master")).await?;

        let request = json!({ "masterReferenceId": picture.media_id, "subjectId": subject });
        let (turnaround, turnaround_cost) = api.generate("turnaround", "profile360", &request).await?;

        let references = json!({ "characters": [{ "referenceId": picture.media_id }] });
        let request = json!({ "description": self.scene, "references": references });
        let scene = api.generate("scene", "composite", &request).await;

        // The views are there and paid for, also where the scene is not.
        let mut large = vec![("master", picture)];
        large.extend(scene.iter().filter_map(|(scene, _)| Some(("scene", scene.images.first()?))));
        let sheet = self.out.join(format!("{subject}-turnaround.png"));
        fs::write(&sheet, draw_sheet(api, &subject, &large, &turnaround).await?)?;
        report("master", &master_file, &master, &master_cost);
        report("turnaround", &sheet, &turnaround, &turnaround_cost);
        if let Some(consistency) = &turnaround.consistency {
            self.save_report(api, consistency, &subject).await?;
        }
        let (scene, scene_cost) = scene?;
        let scene_file = self.save(api, scene.first()?, &format!("{subject}-scene")).await?;
        report("scene", &scene_file, &scene, &scene_cost);
        let costs = [master_cost, turnaround_cost, scene_cost].map(|cost| cost.settled);
        let sum: Option<f64> = costs.into_iter().sum();
        println!("sum         {}, {:.1} s", dollars(sum), started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Saves the drawn report.
    async fn save_report(&self, api: &Api, consistency: &Consistency, subject: &str) -> Result<(), Failed> {
        let (Some(url), Some(overall)) = (&consistency.sheet_url, consistency.overall) else { return Ok(()) };
        let file = self.out.join(format!("{subject}-consistency.svg"));
        fs::write(&file, api.download(url).await?)?;
        let verdict = if consistency.passed == Some(true) { "all views match" } else { "look at it: not all match" };
        println!("consistency {}\n            {overall:.2}, {verdict}", file.display());
        Ok(())
    }

    /// Saves the original.
    async fn save(&self, api: &Api, picture: &Picture, name: &str) -> Result<PathBuf, Failed> {
        let extension = picture.content_type.rsplit('/').next().unwrap_or("bin");
        let file = self.out.join(format!("{name}.{extension}"));
        fs::write(&file, api.download(&picture.url).await?)?;
        Ok(file)
    }
}

/// All views, by angle, beside the large pictures.
async fn draw_sheet(
    api: &Api,
    subject: &str,
    large: &[(&str, &Picture)],
    turnaround: &Made,
) -> Result<Vec<u8>, Failed> {
    let mut beside = Vec::with_capacity(large.len());
    for (name, picture) in large {
        beside.push(entry(api, picture, name).await?);
    }
    let mut views = Vec::with_capacity(turnaround.images.len());
    for view in &turnaround.images {
        views.push(entry(api, view, &format!("{}°", view.angle.unwrap_or_default())).await?);
    }
    let first = turnaround.first()?;
    let title = format!("{subject}   seed {}   {}", first.seed, first.recipe.model);
    Ok(contact_sheet(&title, &beside, &views)?)
}

async fn entry(api: &Api, picture: &Picture, name: &str) -> Result<Entry, Failed> {
    let image = image::load_from_memory(&api.download(&picture.webp_url).await?)?.into_rgb8();
    Ok(Entry { image, caption: format!("{name}  {:.2}", picture.quality_score) })
}

fn report(stage: &str, file: &Path, made: &Made, cost: &Cost) {
    println!("{stage:11} {}", file.display());
    for picture in &made.images {
        let angle = picture.angle.map(|angle| format!("{angle:>3}°  ")).unwrap_or_default();
        println!("            {angle}quality {:.2}  {}", picture.quality_score, picture.url);
    }
    for score in made.consistency_scores.values() {
        println!("            likeness {score:.2}");
    }
    let seeds = distinct(made, |picture| picture.seed.to_string());
    let models = distinct(made, |picture| picture.recipe.model.clone());
    println!("            seed {seeds}, {models}, {}", dollars(cost.settled));
    if let Some(warning) = &made.warning {
        println!("            {warning}");
    }
}

fn distinct(made: &Made, of: impl Fn(&Picture) -> String) -> String {
    made.images.iter().map(of).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

fn dollars(amount: Option<f64>) -> String {
    amount.map_or_else(|| "cost unknown".to_owned(), |amount| format!("${amount:.3}"))
}
