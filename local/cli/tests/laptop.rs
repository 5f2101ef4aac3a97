//! What a newcomer meets: the first answer, the log, and a data folder that is not right.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use likeness_core::clients::http::http_builder;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A running `likeness serve`, killed when dropped.
struct Process(Child);

impl Process {
    fn spawn(folder: &Path, key: &str, log: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        command.env_clear().env("LIKENESS_API_KEY", key).envs(log.map(|log| ("RUST_LOG", log)));
        command.args(["serve", "--port", "0", "--fal-delay", "0", "--data"]).arg(folder.join("data"));
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        Self(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap())
    }

    /// The address that it prints once it is ready.
    fn ready(&mut self) -> String {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let mut ready = lines.filter_map(|line| line.unwrap().strip_prefix("ready ").map(str::to_owned));
        ready.next().expect("likeness ended before it was ready")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn http() -> Client {
    http_builder().pool_max_idle_per_host(0).build().unwrap()
}

async fn json(request: RequestBuilder) -> Value {
    request.send().await.unwrap().json().await.unwrap()
}

/// Makes one picture, or one view, and returns its job.
async fn made(http: &Client, url: &str, kind: &str, body: &Value) -> Value {
    let post = http.post(format!("{url}/api/v1/projects/demo/images/generate/{kind}")).bearer_auth("first").json(body);
    let accepted = json(post).await;
    let link = format!("{url}/api/v1/jobs/{}", accepted["jobId"].as_str().unwrap());
    for _ in 0..600 {
        let job = json(http.get(&link).bearer_auth("first")).await;
        if !job["completedAt"].is_null() {
            assert_eq!(job["status"], "completed", "{job}");
            return job;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{link} hangs");
}

fn keeper(number: usize) -> Value {
    let description = format!("a lighthouse keeper with {number} buttons on a yellow raincoat");
    json!({ "subjectType": "character", "subjectId": "keeper", "description": description })
}

#[tokio::test]
async fn the_first_answer_means_that_the_first_key_works() {
    let folder = tempfile::tempdir().unwrap();
    let http = http();
    let url = Process::spawn(folder.path(), "first", None).ready();
    // At the same port again, with a key that is made at this start.
    for key in ["second", "third", "fourth"] {
        let _process = Process::spawn(folder.path(), key, None);
        let mut healthy = false;
        for _ in 0..2000 {
            if http.get(format!("{url}/healthz")).send().await.is_ok_and(|answer| answer.status() == 200) {
                healthy = true;
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(healthy);
        let answer = http.get(format!("{url}/api/v1/projects/demo")).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{key}");
    }
}

#[tokio::test]
async fn nothing_is_logged_while_nothing_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let http = http();
    // At the first start, and at one on old data; at the default level, and at that of warnings.
    for (start, level) in [None, Some("warn")].into_iter().enumerate() {
        let mut process = Process::spawn(folder.path(), "first", level);
        let url = process.ready();
        // Several at once, so that conditional writes are lost to others.
        let pictures = (0..6).map(|number| {
            let (http, url) = (http.clone(), url.clone());
            tokio::spawn(async move { made(&http, &url, "master", &keeper(10 * start + number)).await })
        });
        for picture in pictures.collect::<Vec<_>>() {
            picture.await.unwrap();
        }
    }
    assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), "");
}

#[tokio::test]
async fn no_log_holds_a_signed_address() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::spawn(folder.path(), "first", Some("debug"));
    let (http, url) = (http(), process.ready());
    let master = made(&http, &url, "master", &keeper(1)).await;
    // The master is read by fal at a signed address.
    let body = json!({ "masterReferenceId": master["result"]["mediaId"], "subjectId": "keeper", "angles": [90] });
    made(&http, &url, "profile360", &body).await;
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("DEBUG"), "the log was asked for");
    let signed: Vec<&str> = log.lines().filter(|line| line.contains("X-Amz-Signature")).collect();
    assert!(signed.is_empty(), "{} lines, the first: {}", signed.len(), signed[0]);
}

#[test]
fn half_of_the_data_is_not_started_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Process::spawn(folder.path(), "first", None).ready();
    let emptied = data.join("dynamodb.sqlite");
    fs::write(&emptied, b"").unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_likeness"))
        .env_clear()
        .args(["serve", "--port", "0", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains(&emptied.display().to_string()), "{error}");
    assert!(error.contains("restore the whole data folder") && !error.contains("encryption"), "{error}");
    assert_eq!(fs::metadata(&emptied).unwrap().len(), 0, "nothing is made in its place");
}
