//! Profiles of pictures that this project did not draw: rendered models, served by fal's emulator in place of its
//! drawings.
//!
//! They run where the folder of pictures is: `LIKENESS_PICTURES`, or `shared/pictures` beside the checkout.

use std::path::PathBuf;

use http::{Method, StatusCode};
use likeness_fal_emulator::{Fault, FaultRule, FileFault, When};
use serde_json::{Value, json};

use super::profile::PATH;
use crate::harness::{Product, answer};

/// The model of the profile, and one of another artist's that is served once in its place.
const MODEL: &str = "modular_women__Witch";
const OTHER: &str = "kaykit__Barbarian";
/// The master's prompt has this word, those of views have their angle.
const MASTER: &str = "lighthouse";

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment where the pictures are")]
fn named_folder() -> Option<PathBuf> {
    std::env::var_os("LIKENESS_PICTURES").map(PathBuf::from)
}

/// The folder; `None` where it is not, which is said.
pub(super) fn pictures() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/pictures");
    let folder = named_folder().unwrap_or_else(beside);
    let there = folder.join("labels.tsv").is_file();
    if !there {
        eprintln!("skipped: no pictures in {}", folder.display());
    }
    there.then_some(folder)
}

/// Serves this picture for prompts that hold `words`, so many times.
pub(super) fn serve(product: &Product, file: PathBuf, words: String, times: Option<u32>) {
    let bytes = std::fs::read(file).unwrap();
    let when = When { prompt_contains: Some(words), ..When::default() };
    product.fal().faults().add(FaultRule { when, times, fault: Fault::File(FileFault::Given { bytes }) });
}

/// A profile of the model: the front re-lit is its master. `foreign` angles show the other model at their first
/// attempt.
async fn profile(folder: &std::path::Path, foreign: &[u16]) -> (Product, Value) {
    let product = Product::start().await;
    serve(&product, folder.join(format!("{MODEL}__regen__0.png")), MASTER.to_owned(), Some(1));
    let master = product.post_master_with(json!({ "seed": 5 })).await;
    let master = product.ended(&master).await["result"]["mediaId"].as_str().unwrap().to_owned();
    for angle in (0..12).map(|step| step * 30) {
        let words = format!("camera {angle}° around");
        if foreign.contains(&angle) {
            serve(&product, folder.join(format!("{OTHER}__base__{angle}.png")), words.clone(), Some(1));
        }
        serve(&product, folder.join(format!("{MODEL}__base__{angle}.png")), words, None);
    }
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "rerollBudget": 0.32 });
    let (status, body) = answer(product.request(Method::POST, PATH).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let job = product.ended(body["jobId"].as_str().unwrap()).await;
    (product, job)
}

fn attempts(job: &Value, angle: u16) -> usize {
    let all = job["result"]["consistency"]["attempts"].as_array().unwrap();
    all.iter().filter(|attempt| attempt["angle"] == angle).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_views_of_one_model_are_not_made_again() {
    let Some(folder) = pictures() else { return };
    let (product, job) = profile(&folder, &[]).await;
    let consistency = &job["result"]["consistency"];
    assert_eq!((&job["status"], &job["needsReview"]), (&json!("completed"), &Value::Null), "{consistency}");
    assert_eq!((&consistency["verdict"], &consistency["notJudged"]), (&json!("passed"), &json!([])), "{consistency}");
    assert_eq!(consistency["attempts"].as_array().unwrap().len(), 12, "{consistency}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_another_model_is_made_again_and_no_other() {
    let Some(folder) = pictures() else { return };
    let (product, job) = profile(&folder, &[120]).await;
    let consistency = &job["result"]["consistency"];
    assert_eq!((&job["status"], &job["needsReview"]), (&json!("completed"), &Value::Null), "{consistency}");
    for angle in (0..12).map(|step| step * 30) {
        assert_eq!(attempts(&job, angle), if angle == 120 { 2 } else { 1 }, "{angle}: {consistency}");
    }
    assert_eq!(consistency["verdict"], "passed", "{consistency}");
    product.finish().await;
}
