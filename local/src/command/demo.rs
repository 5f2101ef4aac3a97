//! `likeness demo "…"`: one whole run through the front door, seen by a person.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use likeness_core::{config::Env, entropy::Entropy, fal::http_builder};
use reqwest::Client;
use serde_json::{Value, json};

use super::data::{DEMO, Data, running};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// What the character looks like, 10 to 1000 characters.
    description: String,
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
        let subject = format!("demo-{}", hex::encode(Entropy::from_os().bytes::<4>()));
        let request = json!({ "subjectType": "character", "subjectId": subject, "description": self.description });
        let mut job = api.post(&format!("/api/v1/projects/{DEMO}/images/generate/master"), &request).await?;
        let bar =
            ProgressBar::new(100).with_style(ProgressStyle::with_template("{msg:>12} [{bar:40}] {percent:>3} %")?);
        while job["completedAt"].is_null() {
            bar.set_position(job["progress"].as_u64().unwrap_or_default());
            bar.set_message(job["status"].as_str().unwrap_or_default().to_owned());
            tokio::time::sleep(Duration::from_millis(100)).await;
            job = api.get(job["links"]["self"].as_str().unwrap_or_default()).await?;
        }
        bar.finish_and_clear();
        if let Some(detail) = job["error"]["detail"].as_str() {
            return Err(format!("the job {}: {detail}", job["status"].as_str().unwrap_or_default()).into());
        }
        let result = &job["result"];
        fs::create_dir_all(&self.out)?;
        for (name, field) in [("original", "url"), ("webp", "webpUrl"), ("thumbnail", "thumbnailUrl")] {
            let url = result[field].as_str().ok_or("the result has no address")?;
            let file = api.save(url, &self.out, &subject, name).await?;
            println!("{:<28} {url}", file.display().to_string());
        }
        println!("quality {:.2}, seed {}", result["qualityScore"].as_f64().unwrap_or_default(), result["seed"]);
        match job["cost"]["settled"].as_f64() {
            Some(dollars) => println!("cost    ${dollars:.3}"),
            None => println!("cost    unknown"),
        }
        Ok(())
    }
}

/// A client of the API, as any program would be.
struct Api {
    http: Client,
    url: String,
    key: String,
}

impl Api {
    fn new(url: String, key: String) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http_builder().build()?, url, key })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let post = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key).json(body);
        json_of(post.send().await?).await
    }

    async fn get(&self, path: &str) -> Result<Value, Failed> {
        json_of(self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key).send().await?).await
    }

    /// Saves what `url` answers, without our key: image addresses need none.
    async fn save(&self, url: &str, folder: &Path, subject: &str, name: &str) -> Result<PathBuf, Failed> {
        let response = self.http.get(url).send().await?.error_for_status()?;
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let extension = kind.rsplit('/').next().unwrap_or("bin").to_owned();
        let file = folder.join(format!("{subject}-{name}.{extension}"));
        fs::write(&file, response.bytes().await?)?;
        Ok(file)
    }
}

async fn json_of(response: reqwest::Response) -> Result<Value, Failed> {
    let status = response.status();
    let body: Value = response.json().await?;
    if status.is_success() {
        return Ok(body);
    }
    let errors = body["errors"].as_array().into_iter().flatten();
    let errors: Vec<String> = errors.map(|error| format!("{} {}", error["pointer"], error["detail"])).collect();
    Err(format!("{}: {}", body["detail"].as_str().unwrap_or("the API refused"), errors.join("; ")).into())
}
