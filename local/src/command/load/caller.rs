//! A caller as a program should be: it repeats what was not answered, under the same idempotency key, and waits for the end.

use std::time::{Duration, Instant};

use likeness_core::fal::http_builder;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{Failed, requests::Order};

/// How long a job may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Caller {
    http: Client,
    url: String,
    key: String,
    /// Between two looks at a job.
    pause: Duration,
}

/// A job that came to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The job's id.
    pub(crate) id: String,
    /// How it ended.
    pub(crate) status: String,
    /// How often it was asked for.
    pub(crate) requests: usize,
    result: Value,
}

impl Caller {
    pub(crate) fn new(url: &str, key: &str, pause: Duration) -> Result<Self, Failed> {
        let http = http_builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, url: url.to_owned(), key: key.to_owned(), pause })
    }

    /// From the request to the end of its job.
    pub(crate) async fn see_through(&self, order: &Order) -> Result<Ended, Failed> {
        let (first, second) = if order.hurried {
            let (first, second) = tokio::join!(self.accepted(order), self.accepted(order));
            (first?, Some(second?))
        } else {
            (self.accepted(order).await?, None)
        };
        let (id, mut requests) = first;
        if let Some((other, more)) = second {
            requests += more;
            if other != id {
                return Err(format!("{} became {id} and {other}", order.key).into());
            }
        }
        if order.canceled {
            // What comes of it is seen by its end.
            let _ = self.request(Method::POST, &format!("/api/v1/jobs/{id}/cancel")).send().await;
        }
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            tokio::time::sleep(self.pause).await;
            let Some((StatusCode::OK, job)) =
                self.answer(self.request(Method::GET, &format!("/api/v1/jobs/{id}"))).await
            else {
                continue;
            };
            if !job["completedAt"].is_null() {
                let status = job["status"].as_str().unwrap_or_default().to_owned();
                return Ok(Ended { id, status, requests, result: job["result"].clone() });
            }
        }
        Err(format!("{id} hangs").into())
    }

    /// The picture of a job that must succeed.
    pub(crate) async fn picture(&self, order: &Order) -> Result<String, Failed> {
        let ended = self.see_through(order).await?;
        let picture = ended.result["mediaId"].as_str();
        Ok(picture.ok_or_else(|| format!("{} ended {} without a picture", order.key, ended.status))?.to_owned())
    }

    /// A person and weights to know them by.
    pub(crate) async fn upload_lora(&self) -> Result<(), Failed> {
        let person = json!({ "triggerWord": "74828", "age": 36, "gender": "woman" });
        let put = self.request(Method::PUT, &format!("{PROJECT}/people/ada")).json(&person);
        put.send().await?.error_for_status()?;
        let file = weights();
        let announced = json!({ "personId": "ada", "bytes": file.len(), "fileName": "ada.safetensors" });
        let post = self.request(Method::POST, &format!("{PROJECT}/loras")).json(&announced);
        let lora: Value = post.send().await?.error_for_status()?.json().await?;
        let upload = &lora["upload"];
        let mut put = self.http.put(upload["url"].as_str().ok_or("no address for the weights")?).body(file);
        for (name, value) in upload["headers"].as_object().into_iter().flatten() {
            put = put.header(name, value.as_str().unwrap_or_default());
        }
        put.send().await?.error_for_status()?;
        let complete = self.request(Method::POST, &format!("{PROJECT}/loras/{}/complete", lora["loraId"]));
        complete.send().await?.error_for_status()?;
        Ok(())
    }

    /// The id of the order's job, and how often it had to be asked for.
    async fn accepted(&self, order: &Order) -> Result<(String, usize), Failed> {
        let mut requests = 0;
        while requests < 100 {
            requests += 1;
            let post = self.request(Method::POST, &format!("{PROJECT}/images/generate/{}", order.kind));
            let post = post.header("idempotency-key", &order.key).header("cache-control", "no-cache");
            match self.answer(post.json(&order.body)).await {
                Some((StatusCode::ACCEPTED, job)) => {
                    let id = job["jobId"].as_str().ok_or("an accepted request without a job")?;
                    return Ok((id.to_owned(), requests));
                }
                // Lost, busy, or the same request is just being accepted.
                None => {}
                Some((status, _)) if status.is_server_error() || status == StatusCode::CONFLICT => {}
                Some((status, problem)) => return Err(format!("{}: {status} {problem}", order.key).into()),
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Err(format!("{} is never accepted", order.key).into())
    }

    async fn answer(&self, request: RequestBuilder) -> Option<(StatusCode, Value)> {
        let response = request.send().await.ok()?;
        Some((response.status(), response.json().await.ok()?))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }
}

const PROJECT: &str = "/api/v1/projects/demo";

/// Two small tensors, as a trainer saves them.
fn weights() -> Vec<u8> {
    let header = json!({
        "__metadata__": { "ss_base_model_version": "flux1", "format": "pt" },
        "lora_down": { "dtype": "F16", "shape": [2, 4], "data_offsets": [0, 16] },
        "lora_up": { "dtype": "F16", "shape": [4, 2], "data_offsets": [16, 32] },
    });
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[7; 32]].concat()
}
