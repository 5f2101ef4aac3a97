//! `kill -9` of the real process at many moments between accept and completion, and a start on what it left behind.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use likeness_core::clients::http::http_builder;
use reqwest::Client;
use serde_json::{Value, json};

const KEY: &str = "kill-test";

/// A running `likeness serve`, killed when dropped.
struct Process {
    child: Child,
    url: String,
    fal: String,
}

impl Process {
    fn start(data: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_likeness"))
            .args(["serve", "--port", "0", "--fal-delay", "150", "--data"])
            .arg(data)
            .env("LIKENESS_API_KEY", KEY)
            // A submit that the kill has cut off is sent again soon.
            .envs(["FAL_START_TIMEOUT_SECONDS", "FAL_GENERATION_TIMEOUT_SECONDS"].map(|name| (name, "5")))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = Self { child: child.unwrap(), url: String::new(), fal: String::new() };
        for line in BufReader::new(process.child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(address) = line.trim().strip_prefix("fal ") {
                process.fal = address.split_whitespace().next().unwrap().to_owned();
            }
            if let Some(url) = line.strip_prefix("ready ") {
                url.clone_into(&mut process.url);
                return process;
            }
        }
        panic!("likeness ended before it was ready");
    }

    /// SIGKILL: nothing in the process gets to run any more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn get(http: &Client, url: String) -> Value {
    http.get(url).bearer_auth(KEY).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn killed_at_any_moment_the_job_completes_once() {
    // Without connections that outlive their server.
    let http = http_builder().pool_max_idle_per_host(0).build().unwrap();
    // From right after the accept to about when it would have been done, also in a debug build on a busy machine.
    for milliseconds in [0, 10, 40, 100, 200, 350, 500, 700, 1000] {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path());
        let post = http.post(format!("{}/api/v1/projects/demo/images/generate/master", process.url));
        let body = json!({
            "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper in a yellow raincoat"
        });
        let accepted: Value = post.bearer_auth(KEY).json(&body).send().await.unwrap().json().await.unwrap();
        let id = accepted["jobId"].as_str().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        let address = process.url.clone();
        process.kill();

        // At the same address: what fal was sent right before the kill can only be adopted from its callback.
        let process = Process::start(folder.path());
        assert_eq!(process.url, address);
        let mut job = Value::Null;
        // A kill between a record and its wake-up message is found by the sweep, two minutes later.
        for _ in 0..1800 {
            job = get(&http, format!("{}/api/v1/jobs/{id}", process.url)).await;
            if !job["completedAt"].is_null() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(job["status"], "completed", "killed after {milliseconds} ms: {job}");
        assert_eq!(job["cost"]["settled"], 0.025, "one charge");
        let images = get(&http, format!("{}/api/v1/projects/demo/images", process.url)).await;
        assert_eq!(images["total"], 1, "one record, killed after {milliseconds} ms");
        let image = http.get(job["result"]["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(image.status(), 200);
        let ledger = get(&http, format!("{}/_emulator/ledger", process.fal)).await;
        assert_eq!(ledger.as_array().unwrap().len(), 1, "paid once, killed after {milliseconds} ms: {ledger}");
        // Nor was a picture made that no answer tells of, by a generation that the kill has cut off.
        process.kill();
        let fal = rusqlite::Connection::open(folder.path().join("fal.sqlite")).unwrap();
        let made = |table: &str| {
            fal.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0)).unwrap()
        };
        assert_eq!((made("files"), made("known_images")), (1, 1), "killed after {milliseconds} ms");
    }
}
