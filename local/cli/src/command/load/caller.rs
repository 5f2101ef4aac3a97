//! A caller as a program should be: it repeats what was not answered, under the same idempotency key, and waits for the
//! end.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use likeness_core::clients::http::http_builder;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{
    Failed,
    requests::{Asks, Order},
};

/// How long nothing at all may make progress before what is still open counts as hanging. A job's own time is no
/// measure: with many at once most of it is spent waiting for the others.
const PATIENCE: Duration = Duration::from_secs(300);
/// The `Cancel-After` of those that have little time.
const LITTLE_TIME: &str = "20s";
/// So many requests without an answer are enough.
const MOST_REQUESTS: usize = 100;
/// A retry that is refused so often is refused for good.
const FEW_CONFLICTS: usize = 5;

pub(crate) struct Caller {
    http: Client,
    url: String,
    key: String,
    /// Between the first two looks at a job. Each further pause is half as long again, ...
    pause: Duration,
    /// ... up to this.
    longest: Duration,
    /// When any job was last seen to have made progress.
    progress: Mutex<Instant>,
}

/// An order that came to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The job's id, or the workflow's.
    pub(crate) id: String,
    pub(crate) status: String,
    /// How often it was asked for.
    pub(crate) requests: usize,
    /// How many jobs it has.
    pub(crate) jobs: usize,
    /// Whether it failed and was begun anew.
    pub(crate) again: bool,
    result: Value,
}

impl Caller {
    pub(crate) fn new(url: &str, key: &str, pause: Duration, longest: Duration) -> Result<Self, Failed> {
        let http = http_builder().timeout(Duration::from_secs(30)).build()?;
        let progress = Mutex::new(Instant::now());
        Ok(Self { http, url: url.to_owned(), key: key.to_owned(), pause, longest, progress })
    }

    /// From the request to its end.
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
        let (path, end) = match order.asks {
            Asks::Job(_) => (format!("/api/v1/jobs/{id}"), "completedAt"),
            Asks::Workflow => (format!("{PROJECT}/workflows/{id}"), "endedAt"),
        };
        if order.canceled {
            // What comes of it is seen by its end.
            let _ = self.request(Method::POST, &format!("{path}/cancel")).send().await;
        }
        let mut ended = self.end(&path, end).await?;
        let again = order.retried && ended["status"] == "failed" && self.retried(order, &path).await?;
        if again {
            ended = self.end(&path, end).await?;
        }
        let jobs = match order.asks {
            Asks::Job(_) => 1,
            Asks::Workflow => {
                ended["steps"].as_array().into_iter().flatten().filter(|step| step["jobId"].is_string()).count()
            }
        };
        let status = ended["status"].as_str().unwrap_or_default().to_owned();
        Ok(Ended { id, status, requests, jobs, again, result: ended["result"].clone() })
    }

    /// What is at `path` once its `end` is set.
    async fn end(&self, path: &str, end: &str) -> Result<Value, Failed> {
        let (mut pause, mut before) = (self.pause, None);
        loop {
            tokio::time::sleep(pause).await;
            if let Some((StatusCode::OK, seen)) = self.answer(self.request(Method::GET, path)).await {
                let state = Some((seen["status"].clone(), seen["progress"].clone()));
                if state != before || !seen[end].is_null() {
                    *self.progress() = Instant::now();
                    before = state;
                }
                if !seen[end].is_null() {
                    return Ok(seen);
                }
            }
            pause = self.longest.min(pause * 3 / 2);
            if self.progress().elapsed() > PATIENCE {
                let status = before.map_or(Value::Null, |(status, _)| status);
                return Err(format!("{path} hangs; its status is {status}").into());
            }
        }
    }

    fn progress(&self) -> MutexGuard<'_, Instant> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The id of the order's job or workflow, and how often it had to be asked for.
    async fn accepted(&self, order: &Order) -> Result<(String, usize), Failed> {
        let (path, id) = match order.asks {
            Asks::Job(kind) => (format!("{PROJECT}/images/generate/{kind}"), "jobId"),
            Asks::Workflow => (format!("{PROJECT}/workflows"), "workflowId"),
        };
        let post = self.request(Method::POST, &path).header("idempotency-key", &order.key).json(&order.body);
        let post = post.header("cache-control", "no-cache");
        let post = if order.limited { post.header("cancel-after", LITTLE_TIME) } else { post };
        let (status, accepted, requests) = self.insist(&post, MOST_REQUESTS).await?;
        match (status, accepted[id].as_str()) {
            (StatusCode::ACCEPTED, Some(id)) => Ok((id.to_owned(), requests)),
            _ => Err(format!("{}: {status} {accepted}", order.key).into()),
        }
    }

    /// Has a job that failed begun anew. `false`: there is nothing in it that could be.
    async fn retried(&self, order: &Order, path: &str) -> Result<bool, Failed> {
        let post = self.request(Method::POST, &format!("{path}/retry"));
        let post = post.header("idempotency-key", format!("{}-again", order.key));
        match self.insist(&post, FEW_CONFLICTS).await? {
            (StatusCode::ACCEPTED, _, _) => Ok(true),
            (StatusCode::CONFLICT, _, _) => Ok(false),
            (status, problem, _) => Err(format!("{} again: {status} {problem}", order.key).into()),
        }
    }

    /// Asks until there is an answer that stays: what was lost, or refused for want of room, is repeated. A conflict
    /// may be about the same request which is just being accepted, so `conflicts` times it is repeated too. With the
    /// answer comes how often it was asked.
    async fn insist(&self, post: &RequestBuilder, conflicts: usize) -> Result<(StatusCode, Value, usize), Failed> {
        for requests in 1..=MOST_REQUESTS {
            match self.answer(post.try_clone().ok_or("a request that cannot be repeated")?).await {
                None => {}
                Some((status, _)) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {}
                Some((StatusCode::CONFLICT, _)) if requests < conflicts => {}
                Some((status, answer)) => return Ok((status, answer, requests)),
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Err(format!("never answered: {post:?}").into())
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
