//! A burst of master references against an emulator without delay: throughput, memory and calls per job.
//!
//! `cargo run --release -p likeness-local --example burst -- 200`

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use futures_util::{StreamExt, stream};
use likeness_core::{clock::Clock, config::StoreConfig, entropy::Entropy, fal::http_builder, lane::Lane, store::Store};
use likeness_local::{
    fal::EmulatorOptions,
    stack::{Stack, StackOptions},
};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Failed = Box<dyn Error + Send + Sync>;

const KEY: &str = "burst";
/// Engines take the ports after the API's.
const PORT: u16 = 41_000;

/// A proxy in front of an engine that counts calls by operation.
#[derive(Clone)]
struct Counter {
    http: Client,
    target: String,
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
}

async fn count(
    State(counter): State<Counter>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, String> {
    let operation = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or("?");
    let name = operation.rsplit('.').next().unwrap_or(operation).to_owned();
    *counter.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    let url = format!("{}{uri}", counter.target);
    let answer = counter.http.request(method, url).headers(headers).body(body).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.map_err(|error| error.to_string())?)).map_err(|e| e.to_string())
}

async fn counter(target: u16) -> Result<(String, Counter), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let counter =
        Counter { http: http_builder().build()?, target: format!("http://127.0.0.1:{target}"), calls: Arc::default() };
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(count).with_state(counter.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, counter))
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let jobs: usize = std::env::args().nth(1).map_or(Ok(200), |count| count.parse())?;
    let ((dynamodb, dynamodb_calls), (sqs, sqs_calls)) = (counter(PORT + 1).await?, counter(PORT + 2).await?);
    let queue = |name: &str| format!("{sqs}/000000000000/likeness-{name}");
    let lanes = Lane::ALL.map(|lane| (lane.variable(), queue(lane.name())));
    let environment = [
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.clone()),
        ("AWS_ENDPOINT_URL_SQS", sqs.clone()),
        ("INGEST_QUEUE_URL", queue("ingest")),
        ("FAL_RATE_LIMIT_PER_MINUTE", "1000000".to_owned()),
    ];
    let stack = Stack::start(StackOptions {
        port: PORT,
        data: None,
        environment: environment.into_iter().chain(lanes).map(|(name, value)| (name.to_owned(), value)).collect(),
        fal: EmulatorOptions::default(),
        sweep_every: None,
        clock: Clock::system(),
        entropy: Entropy::from_os(),
    })
    .await?;
    stack.create_tenant("demo", KEY, Clock::system().now()).await?;
    for counter in [&dynamodb_calls, &sqs_calls] {
        counter.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    // Watching must not be counted.
    let direct = ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), format!("http://127.0.0.1:{}", PORT + 1));
    let direct = stack.env().iter().chain([direct]).collect();
    let watching = Store::new(StoreConfig::from_env(&direct)?, Entropy::from_os());
    let http = http_builder().build()?;
    let began = Instant::now();
    let ids: Vec<String> = stream::iter(0..jobs)
        .map(|seed| post(&http, stack.url(), seed))
        .buffer_unordered(jobs)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    let accepted = began.elapsed();
    let mut most = 0;
    loop {
        let gate = watching.gate().await?;
        most = most.max(gate.in_flight(Clock::system().now()));
        if stack.emulator().is_some_and(|fal| fal.ledger().len() >= jobs) && gate.in_flight(Clock::system().now()) == 0
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stack.settle().await;
    let elapsed = began.elapsed();
    let mut completed = 0;
    for id in &ids {
        let view = watching.job(id.parse()?).await?.ok_or("a job is gone")?;
        completed += usize::from(view.job.value.ending().is_some() && view.job.value.failure().is_none());
    }
    let per_job = |count: u64| count as f64 / jobs as f64;
    println!("jobs {jobs}, completed {completed}, most slots held {most}");
    println!(
        "accepted in {:.2} s, all done in {:.2} s: {:.1} jobs/s",
        accepted.as_secs_f64(),
        elapsed.as_secs_f64(),
        jobs as f64 / elapsed.as_secs_f64()
    );
    println!("peak resident memory {} MB (everything in one process: engines, emulator, functions)", peak_megabytes());
    for (name, counter) in [("DynamoDB", &dynamodb_calls), ("SQS", &sqs_calls)] {
        let calls = counter.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        println!("{name} calls per job {:.2}", per_job(calls.values().sum()));
        for (operation, count) in calls {
            println!("  {operation:<22} {:.2}", per_job(count));
        }
    }
    stack.stop().await;
    Ok(())
}

async fn post(http: &Client, url: &str, seed: usize) -> Result<String, Failed> {
    let body = json!({
        "subjectType": "character", "subjectId": format!("keeper-{seed}"), "seed": seed,
        "description": "a lighthouse keeper in a yellow raincoat"
    });
    let post = http.post(format!("{url}/api/v1/projects/demo/images/generate/master")).bearer_auth(KEY).json(&body);
    let job: Value = post.send().await?.error_for_status()?.json().await?;
    Ok(job["jobId"].as_str().ok_or("no job id")?.to_owned())
}

/// What the kernel counted for this process at its largest.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() / 1024
}
