//! Faults of submits, runs and drawings, and the rules that aim them.

use http::Method;
use likeness_fal_emulator::{
    DrawingFault, ErrorBody, Fault, FaultRule, GenerationFault, LedgerOutcome, RetryHeader, StyleName, SubmitFault,
    When,
};
use serde_json::{Value, json};

use super::{DEV, Fal, small};

#[tokio::test]
async fn refused_submits_have_the_bodies_of_the_field() {
    let fal = Fal::start().await;
    let refused = async |fault: SubmitFault| {
        fal.fault(Fault::Submit(fault));
        let answer = fal.submit(DEV, small("x")).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(refused(SubmitFault::Unauthorized).await.0, 401);
    let (status, body) = refused(SubmitFault::Locked).await;
    assert_eq!(status, 403);
    assert!(body.contains("User is locked. Reason: Exhausted balance."));
    assert_eq!(refused(SubmitFault::RateLimited).await.0, 429);
    let (status, body) = refused(SubmitFault::BadGateway).await;
    assert_eq!(status, 502);
    assert!(body.contains("nginx"));
    let answer = async |body: ErrorBody| {
        let (status, body) = refused(SubmitFault::Answer { status: 422, body }).await;
        assert_eq!(status, 422);
        serde_json::from_str::<Value>(&body).unwrap()
    };
    assert!(answer(ErrorBody::DetailList).await["detail"][0]["url"].is_string());
    assert!(answer(ErrorBody::DetailString).await["detail"].is_string());
    assert!(answer(ErrorBody::Pydantic).await["detail"][0].get("url").is_none());
    assert!(answer(ErrorBody::Status).await["status"].is_string());
    assert_eq!(answer(ErrorBody::Json(json!({ "a": 1 }))).await, json!({ "a": 1 }));
    assert_eq!(refused(SubmitFault::Answer { status: 503, body: ErrorBody::DetailString }).await.0, 503);
    assert!(fal.emulator.ledger().is_empty(), "nothing was accepted");
    fal.accepted(DEV, small("x")).await;
}

#[tokio::test]
async fn a_connection_can_be_lost_before_or_after_the_accept() {
    let fal = Fal::start().await;
    let lost = async |fault: SubmitFault| {
        fal.fault(Fault::Submit(fault));
        let answer = fal.call(Method::POST, DEV).json(&small("lost")).send().await;
        assert!(answer.is_err(), "an answer came: {answer:?}");
    };
    lost(SubmitFault::DropBeforeAccept).await;
    assert_eq!(fal.emulator.ledger().len(), 0);
    lost(SubmitFault::DropAfterAccept).await;
    fal.emulator.idle().await;
    let ledger = fal.emulator.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].billable_units, 1.0);
}

#[tokio::test]
async fn an_answer_can_be_cut_or_slow() {
    let fal = Fal::start().await;
    fal.fault(Fault::Submit(SubmitFault::TruncatedAnswer));
    let answer = fal.submit(DEV, small("cut")).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.is_err());
    for fault in [SubmitFault::Delay { ms: 20 }, SubmitFault::SlowBody { ms: 20 }] {
        fal.fault(Fault::Submit(fault));
        fal.accepted(DEV, small("slow")).await;
    }
    assert_eq!(fal.emulator.ledger().len(), 3);
}

#[tokio::test]
async fn runs_fail_as_models_and_as_infrastructure() {
    let fal = Fal::start().await;
    fal.fault(Fault::Generation(GenerationFault::ModelError {
        kind: "content_policy_violation".to_owned(),
        status: 422,
        billed: true,
        retry: None,
        body: ErrorBody::DetailList,
    }));
    let result = fal.result(DEV, small("policy")).await;
    assert_eq!(result.status(), 422);
    assert_eq!(result.headers()["x-fal-billable-units"], "1");
    assert_eq!(result.json::<Value>().await.unwrap()["detail"][0]["type"], "content_policy_violation");

    for (retry, header, value) in [
        (RetryHeader::NeedsRetry(true), "x-fal-needs-retry", "1"),
        (RetryHeader::Retryable(false), "x-fal-retryable", "false"),
    ] {
        fal.fault(Fault::Generation(GenerationFault::ModelError {
            kind: "internal_server_error".to_owned(),
            status: 500,
            billed: true,
            retry: Some(retry),
            body: ErrorBody::DetailString,
        }));
        let result = fal.result(DEV, small("model")).await;
        assert_eq!(result.status(), 500);
        assert_eq!(result.headers()[header], value);
        assert_eq!(result.headers()["x-fal-billable-units"], "0");
    }

    for (error_type, status, user_deadline) in [
        ("runner_disconnected", 503, false),
        ("runner_incomplete_response", 502, false),
        ("internal_error", 500, false),
        ("request_timeout", 504, false),
        ("request_timeout", 504, true),
    ] {
        let error_type = error_type.to_owned();
        fal.fault(Fault::Generation(GenerationFault::RequestError { error_type: error_type.clone(), user_deadline }));
        let id = fal.accepted(DEV, small("infrastructure")).await;
        fal.emulator.idle().await;
        let status_body: Value = fal.get(&format!("{DEV}/requests/{id}/status")).await.json().await.unwrap();
        assert_eq!(status_body["status"], "COMPLETED");
        assert_eq!(status_body["error_type"], error_type.as_str());
        let result = fal.get(&format!("{DEV}/requests/{id}")).await;
        assert_eq!(result.status().as_u16(), status);
        assert_eq!(result.headers()["x-fal-error-type"], error_type.as_str());
        assert_eq!(result.headers().contains_key("x-fal-request-timeout-type"), user_deadline);
        assert_eq!(result.json::<Value>().await.unwrap()["error_type"], error_type);
    }
}

#[tokio::test]
async fn a_flagged_image_is_a_black_frame_that_costs() {
    let fal = Fal::start().await;
    fal.fault(Fault::Drawing(DrawingFault::BlackFrame));
    let result = fal.result(DEV, small("flagged")).await;
    assert_eq!(result.headers()["x-fal-billable-units"], "1");
    let output: Value = result.json().await.unwrap();
    assert_eq!(output["has_nsfw_concepts"], json!([true]));
    let image = image::load_from_memory(&fal.file(&output).await.bytes().await.unwrap()).unwrap().into_rgb8();
    assert!(image.pixels().all(|pixel| pixel.0 == [0, 0, 0]));
}

#[tokio::test]
async fn drawings_can_be_wrong() {
    let fal = Fal::start().await;
    let back = || {
        let mut input = small("a knight with a red coat and a shoulder bag, back view");
        input["image_size"] = json!({ "width": 256, "height": 384 });
        input
    };
    let draw = async || {
        let output = fal.output(DEV, back()).await;
        fal.file(&output).await.bytes().await.unwrap()
    };
    let right = draw().await;
    for fault in [
        DrawingFault::HueShift { degrees: 120.0 },
        DrawingFault::MirroredBack,
        DrawingFault::LegScale { factor: 0.6 },
        DrawingFault::HeightScale { factor: 0.7 },
        DrawingFault::Style(StyleName::Line),
    ] {
        fal.fault(Fault::Drawing(fault.clone()));
        assert_ne!(draw().await, right, "{fault:?} changes nothing");
    }
    assert_eq!(draw().await, right);
}

#[tokio::test]
async fn rules_aim_by_endpoint_prompt_shot_and_number() {
    let fal = Fal::start().await;
    let busy = Fault::Submit(SubmitFault::Answer { status: 503, body: ErrorBody::DetailString });
    let when = When {
        endpoint: Some("fal-ai/flux".to_owned()),
        prompt_contains: Some("knight".to_owned()),
        shot: Some("shot=s2".to_owned()),
        nth: Some(2),
    };
    fal.emulator.faults().add(FaultRule::always(busy).when(when));
    let submit = async |endpoint: &str, prompt: &str, shot: &str| {
        let hook = format!("http://127.0.0.1:9/hook?shot={shot}");
        let call = fal.hooked(endpoint, &hook).json(&small(prompt));
        call.send().await.unwrap().status().as_u16()
    };
    assert_eq!(submit(DEV, "a knight", "s2").await, 200);
    assert_eq!(submit("fal-ai/flux-lora", "a knight", "s2").await, 200);
    assert_eq!(submit(DEV, "a queen", "s2").await, 200);
    assert_eq!(submit(DEV, "a knight", "s1").await, 200);
    assert_eq!(submit(DEV, "a knight", "s2").await, 503);
    assert_eq!(submit(DEV, "a knight", "s2").await, 200);
    let rule = &fal.emulator.faults().rules()[0];
    assert_eq!((rule.seen, rule.struck), (3, 1));
}

#[tokio::test]
async fn the_control_surface_scripts_faults_as_json() {
    let fal = Fal::start().await;
    let rules = json!([
        { "when": { "prompt_contains": "unlucky" }, "times": 1, "do": { "submit": "locked" } },
        { "do": { "generation": { "model_error": { "kind": "no_media_generated", "status": 422 } } } },
    ]);
    let added = fal.call(Method::POST, "_emulator/faults").json(&rules).send().await.unwrap();
    assert_eq!(added.status(), 204);
    assert_eq!(fal.submit(DEV, small("unlucky")).await.status(), 403);
    assert_eq!(fal.result(DEV, small("unlucky")).await.status(), 422);
    let armed: Value = fal.get("_emulator/faults").await.json().await.unwrap();
    assert_eq!((&armed[0]["struck"], &armed[1]["struck"]), (&json!(1), &json!(1)));
    let bad = fal.call(Method::POST, "_emulator/faults").json(&json!({ "do": { "submit": "explode" } }));
    assert_eq!(bad.send().await.unwrap().status(), 400);
    assert_eq!(fal.call(Method::DELETE, "_emulator/faults").send().await.unwrap().status(), 204);
    fal.output(DEV, small("unlucky")).await;

    let ledger: Value = fal.get("_emulator/ledger").await.json().await.unwrap();
    assert_eq!(ledger[0]["outcome"], json!({ "failed": { "status": 422, "error_type": null } }));
    assert_eq!(ledger[1]["outcome"], "succeeded");
    assert_eq!(fal.emulator.ledger()[1].outcome, LedgerOutcome::Succeeded);
}

#[tokio::test]
async fn every_example_of_the_readme_is_a_rule() {
    let fal = Fal::start().await;
    let readme = include_str!("../../README.md");
    let examples: Vec<Value> = readme
        .lines()
        .filter_map(|line| line.split('`').find(|part| part.starts_with("{\"")))
        .map(|example| json!({ "do": serde_json::from_str::<Value>(example).unwrap() }))
        .collect();
    assert!(examples.len() > 35, "{}", examples.len());
    for rule in examples {
        let added = fal.call(Method::POST, "_emulator/faults").json(&rule).send().await.unwrap();
        assert_eq!(added.status(), 204, "{rule}");
    }
}
