//! What a new process finds after the old one was killed.

use std::{path::Path, time::Duration};

use likeness_fal_emulator::{EmulatorOptions, Fault, GenerationFault, LedgerOutcome, WebhookFault};
use serde_json::{Value, json};

use super::{DEV, Fal, Webhook, quick, small};

fn on(file: &Path) -> EmulatorOptions {
    EmulatorOptions { data: Some(file.to_owned()), ..quick() }
}

#[tokio::test]
async fn unfinished_requests_go_on_and_results_stay() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fal.sqlite");
    let fal = Fal::with(EmulatorOptions { delay: Duration::from_secs(3600), concurrency: 1, ..on(&file) }).await;
    let running = fal.accepted(DEV, small("running")).await;
    let waiting = fal.accepted(DEV, small("waiting")).await;
    // As after `kill -9`: nothing is told to finish.
    fal.emulator.stop().await;

    let fal = Fal::with(on(&file)).await;
    fal.emulator.idle().await;
    let ledger = fal.emulator.ledger();
    let ids: Vec<&str> = ledger.iter().map(|entry| entry.request_id.as_str()).collect();
    assert_eq!(ids, [&running, &waiting]);
    assert!(ledger.iter().all(|entry| entry.outcome == LedgerOutcome::Succeeded));
    let output: Value = fal.get(&format!("{DEV}/requests/{running}")).await.json().await.unwrap();
    let path = output["images"][0]["url"].as_str().unwrap().strip_prefix(&fal.emulator.url()).unwrap().to_owned();
    fal.emulator.stop().await;

    let fal = Fal::with(on(&file)).await;
    assert_eq!(fal.get(&format!("{DEV}/requests/{running}")).await.status(), 200);
    assert_eq!(fal.http.get(format!("{}{path}", fal.emulator.url())).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_undelivered_webhook_is_sent_by_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fal.sqlite");
    let fal = Fal::with(on(&file)).await;
    let mut hook = Webhook::start(&[]).await;
    // Held back until the process is gone.
    fal.fault(Fault::Webhook(WebhookFault::Late { ms: 200 }));
    let call = fal.hooked(DEV, &hook.url).json(&small("hooked"));
    let body: Value = call.send().await.unwrap().json().await.unwrap();
    fal.emulator.idle().await;
    fal.emulator.stop().await;
    assert!(hook.calls.try_recv().is_err());

    let fal = Fal::with(on(&file)).await;
    assert_eq!(hook.next().await.1["request_id"], body["request_id"]);
    fal.emulator.stop().await;
}

#[tokio::test]
async fn the_look_of_an_image_is_known_to_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fal.sqlite");
    let fal = Fal::with(on(&file)).await;
    let url = fal.output(DEV, small("a knight")).await["images"][0]["url"].clone();
    let turn = async |fal: &Fal| {
        let input = json!({ "prompt": "right profile", "image_url": url, "seed": 3, "output_format": "png" });
        let output = fal.output("fal-ai/flux-pro/kontext", input).await;
        fal.file(&output).await.bytes().await.unwrap()
    };
    let before = turn(&fal).await;
    fal.emulator.stop().await;
    let fal = Fal::with(on(&file)).await;
    assert_eq!(turn(&fal).await, before);
}

#[tokio::test]
async fn faults_drawn_before_the_end_still_strike_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fal.sqlite");
    let fal = Fal::with(EmulatorOptions { delay: Duration::from_secs(3600), ..on(&file) }).await;
    fal.fault(Fault::Generation(GenerationFault::RequestError {
        error_type: "runner_disconnected".to_owned(),
        user_deadline: false,
    }));
    let id = fal.accepted(DEV, small("doomed")).await;
    fal.emulator.stop().await;
    let fal = Fal::with(on(&file)).await;
    fal.emulator.idle().await;
    assert_eq!(fal.get(&format!("{DEV}/requests/{id}")).await.status(), 503);
}
