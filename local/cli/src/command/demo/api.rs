//! The API, used as any program would: a request makes a job, and the job is asked about until it has ended.

use std::{collections::BTreeMap, error::Error, time::Duration};

use bytes::Bytes;
use likeness_core::clients::http::http_builder;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::progress::Progress;
use crate::command::data::DEMO;

type Failed = Box<dyn Error + Send + Sync>;

/// A client with its key.
pub(super) struct Api {
    http: Client,
    url: String,
    key: String,
}

/// A job, as far as a person is told of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    status: String,
    completed_at: Option<String>,
    shots: Vec<Shot>,
    error: Option<Reason>,
    pub(super) cost: Cost,
    result: Option<Made>,
    links: Links,
}

#[derive(Debug, Deserialize)]
struct Shot {
    status: String,
}

#[derive(Debug, Deserialize)]
struct Reason {
    detail: String,
}

#[derive(Debug, Deserialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cost {
    /// Dollars; `None` is unknown.
    pub(super) settled: Option<f64>,
}

/// What a job made, of any kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    pub(super) images: Vec<Picture>,
    pub(super) warning: Option<String>,
    /// How well a scene shows each of its references.
    #[serde(default)]
    pub(super) consistency_scores: BTreeMap<String, f64>,
    /// Whether the views of a turnaround match their master.
    pub(super) consistency: Option<Consistency>,
}

/// A consistency report, in short.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consistency {
    pub(super) overall: Option<f64>,
    pub(super) passed: Option<bool>,
    /// Where it is drawn, as SVG.
    pub(super) sheet_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Picture {
    pub(super) media_id: String,
    pub(super) url: String,
    pub(super) webp_url: String,
    pub(super) content_type: String,
    /// Degrees from the front.
    pub(super) angle: Option<u16>,
    pub(super) seed: u64,
    pub(super) quality_score: f64,
    pub(super) recipe: Recipe,
}

#[derive(Debug, Deserialize)]
pub(super) struct Recipe {
    pub(super) model: String,
}

/// Why a request was refused (RFC 9457).
#[derive(Debug, Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    #[serde(default)]
    pointer: String,
    detail: String,
}

impl Made {
    /// The first picture: of a master or a scene the only one.
    pub(super) fn first(&self) -> Result<&Picture, Failed> {
        self.images.first().ok_or_else(|| "the result holds no picture".into())
    }
}

impl Api {
    pub(super) fn new(url: String, key: String) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http_builder().build()?, url, key })
    }

    /// Has something generated and shows how far it is: what was made, and what it cost.
    pub(super) async fn generate(
        &self,
        stage: &'static str,
        route: &str,
        body: &Value,
    ) -> Result<(Made, Cost), Failed> {
        let path = format!("{}/api/v1/projects/{DEMO}/images/generate/{route}", self.url);
        let mut job: Job = self.answer(self.http.post(path).json(body)).await?;
        let mut progress = Progress::new(stage)?;
        loop {
            let stored = job.shots.iter().filter(|shot| shot.status == "stored").count();
            progress.show(stored, job.shots.len(), &job.status);
            if job.completed_at.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            job = self.answer(self.http.get(format!("{}{}", self.url, job.links.this))).await?;
        }
        progress.end();
        // Of a partial job the result says what is missing.
        match (job.result, job.error) {
            (Some(made), _) if job.status == "completed" || job.status == "partial" => Ok((made, job.cost)),
            (_, Some(reason)) => Err(format!("the {stage} {}: {}", job.status, reason.detail).into()),
            (_, None) => Err(format!("the {stage} {}", job.status).into()),
        }
    }

    /// The bytes at an image's address. Without our key: such addresses need none.
    pub(super) async fn download(&self, url: &str) -> Result<Bytes, reqwest::Error> {
        self.http.get(url).send().await?.error_for_status()?.bytes().await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failed> {
        let response = request.bearer_auth(&self.key).send().await?;
        if response.status().is_success() {
            return Ok(response.json().await?);
        }
        let problem: Problem = response.json().await?;
        let errors = problem.errors.iter().map(|error| format!("; {} {}", error.pointer, error.detail));
        Err(format!("{}{}", problem.detail, errors.collect::<String>()).into())
    }
}
