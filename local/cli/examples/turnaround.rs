//! How long a 12-angle profile takes against an emulator that needs a given time for each image, with ten slots: with
//! the usual limit of four of a job at once, and without one.
//!
//! `cargo run --release -p likeness-cli --example turnaround -- 4000` (milliseconds)

use std::{error::Error, time::Duration};

use likeness_core::clients::http::http_builder;
use likeness_domain::clock::Clock;
use likeness_fal_emulator::EmulatorOptions;
use likeness_stack::{Stack, StackOptions};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

type Failed = Box<dyn Error + Send + Sync>;

const KEY: &str = "turnaround";

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let delay = Duration::from_millis(std::env::args().nth(1).map_or(Ok(4000), |delay| delay.parse())?);
    println!("T = {:.1} s for an image, 10 slots", delay.as_secs_f64());
    for (batch, rounds) in [("4", 3), ("36", 2)] {
        let wall = profile(delay, batch).await?.as_secs_f64();
        let over = wall - f64::from(rounds) * delay.as_secs_f64();
        println!("{batch:>2} at once: {wall:.2} s = {:.2} T; {rounds} T and {over:.2} s", wall / delay.as_secs_f64());
    }
    Ok(())
}

/// From the request for the profile to its result.
async fn profile(delay: Duration, batch: &str) -> Result<Duration, Failed> {
    let stack = Stack::start(StackOptions {
        environment: vec![("PROFILE_BATCH_SIZE".to_owned(), batch.to_owned())],
        fal: EmulatorOptions { delay, concurrency: 100, ..EmulatorOptions::default() },
        ..StackOptions::default()
    })
    .await?;
    stack.create_tenant("demo", KEY, Clock::system().now()).await?;
    let http = http_builder().build()?;
    let description = "a lighthouse keeper in a yellow raincoat";
    let master = json!({ "subjectType": "character", "subjectId": "keeper", "description": description });
    let master = made(&http, &stack, "master", &master).await?;
    let profile = json!({ "masterReferenceId": master["result"]["mediaId"], "subjectId": "keeper" });
    let began = Instant::now();
    let profile = made(&http, &stack, "profile360", &profile).await?;
    let wall = began.elapsed();
    if profile["result"]["images"].as_array().map(Vec::len) != Some(12) {
        return Err(format!("not twelve images: {profile}").into());
    }
    stack.stop().await;
    Ok(wall)
}

async fn made(http: &Client, stack: &Stack, kind: &str, body: &Value) -> Result<Value, Failed> {
    let url = format!("{}/api/v1/projects/demo/images/generate/{kind}", stack.url());
    let job: Value = http.post(url).bearer_auth(KEY).json(body).send().await?.error_for_status()?.json().await?;
    let link = format!("{}{}", stack.url(), job["links"]["self"].as_str().unwrap_or_default());
    loop {
        let job: Value = http.get(&link).bearer_auth(KEY).send().await?.error_for_status()?.json().await?;
        if !job["completedAt"].is_null() {
            return Ok(job);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
