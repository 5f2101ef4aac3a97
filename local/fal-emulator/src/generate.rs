//! One run of a model: validate, fetch the references, draw, publish, write the output JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep_until};

use super::{
    answer::{detail_item, error_body, request_error_body, request_error_status},
    drawing::{Drawing, Origin},
    emulation::Emulation,
    fault::{DrawingFault, ErrorBody, Fault, GenerationFault, RetryHeader, WebhookFault},
    image_size::{billed_megapixels, output_size},
    person::{Framing, sitters_turn},
    publish::{Published, publish},
    references::{Reference, Unusable, resolve},
    request::{Completed, Failure, Request},
    schema::{End, Model, OutputForm, Terms, Unit},
    validate::validate,
    view::{Angle, asked_angle},
};

/// A result without its time.
struct Outcome {
    status: u16,
    body: Value,
    headers: Vec<(String, String)>,
    failure: Option<Failure>,
    billable_units: f64,
}

/// Runs a request to its end. Never returns for one that is told never to finish.
pub(super) async fn generate(emulation: &Emulation, request: &Request) -> Completed {
    let started_at = emulation.clock.now();
    let outcome = outcome(emulation, request).await;
    let at = emulation.clock.now();
    Completed {
        at,
        status: outcome.status,
        body: outcome.body,
        headers: outcome.headers,
        failure: outcome.failure,
        billable_units: outcome.billable_units,
        inference_seconds: Some(at.duration_since(started_at).as_secs_f64()),
    }
}

async fn outcome(emulation: &Emulation, request: &Request) -> Outcome {
    let Some(model) = emulation.schemas.model(&request.endpoint) else {
        let path = request.endpoint.splitn(3, '/').nth(2).unwrap_or_default();
        return failed(404, json!({ "detail": format!("Path /{path} not found") }));
    };
    let input = match validate(model, &request.input) {
        Ok(input) => input,
        Err(items) => return failed(422, json!({ "detail": items })),
    };
    // The drawing is part of the time that a generation takes, and not added to it.
    let mut done_at = Instant::now() + emulation.options.delay;
    for fault in request.generation_faults() {
        match fault {
            GenerationFault::Slow { ms } => done_at += Duration::from_millis(*ms),
            GenerationFault::Held => emulation.until(Emulation::is_released).await,
            GenerationFault::NeverFinish => std::future::pending().await,
            GenerationFault::ModelError { kind, status, billed, retry, body } => {
                sleep_until(done_at).await;
                return model_error(kind, *status, *billed, *retry, body);
            }
            GenerationFault::RequestError { error_type, user_deadline } => {
                sleep_until(done_at).await;
                return infrastructure_error(error_type, *user_deadline);
            }
            GenerationFault::Crash => {
                sleep_until(done_at).await;
                return failed(500, json!("Internal Server Error"));
            }
            GenerationFault::IgnoreCancel
            | GenerationFault::RefuseCancel { .. }
            | GenerationFault::MoreImages { .. }
            | GenerationFault::Billed { .. } => {}
        }
    }
    for fault in request.webhook_faults() {
        match fault {
            WebhookFault::ErrorDetailList => {
                sleep_until(done_at).await;
                return model_error("content_policy_violation", 422, false, None, &ErrorBody::DetailList);
            }
            WebhookFault::ErrorInfrastructure => {
                sleep_until(done_at).await;
                return infrastructure_error("runner_disconnected", false);
            }
            WebhookFault::Never
            | WebhookFault::Duplicate { .. }
            | WebhookFault::Late { .. }
            | WebhookFault::BeforeAnswer
            | WebhookFault::BadSignature
            | WebhookFault::StaleTimestamp
            | WebhookFault::ForeignUser
            | WebhookFault::NullPayload
            | WebhookFault::HugeBody
            | WebhookFault::OtherGatewayRequestId => {}
        }
    }
    let outcome = match references(emulation, &model.terms, &input).await {
        Ok(references) => draw_all(emulation, request, model, &input, &references).await,
        Err(item) => failed(422, json!({ "detail": [*item] })),
    };
    sleep_until(done_at).await;
    outcome
}

/// The used reference images, or the item of the `detail` list about the first that is of no use.
async fn references(
    emulation: &Emulation,
    terms: &Terms,
    input: &Map<String, Value>,
) -> Result<Vec<Reference>, Box<Value>> {
    let mut given: Vec<(Vec<Value>, &str)> = Vec::new();
    for name in ["image_url", "reference_image_url"] {
        given.extend(input.get(name).and_then(Value::as_str).map(|url| (vec!["body".into(), name.into()], url)));
    }
    let lists = [("image_urls", None), ("ip_adapters", Some("image_url")), ("easycontrols", Some("image_url"))];
    for (name, inner) in lists {
        let items = input.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let url = inner.map_or(Some(item), |inner| item.get(inner)).and_then(Value::as_str);
            given.extend(url.map(|url| (vec!["body".into(), name.into(), index.into()], url)));
        }
    }
    let extra = given.len().saturating_sub(terms.references);
    let used = match terms.references_from {
        End::Start => &given[..given.len() - extra],
        End::End => &given[extra..],
    };
    let mut references = Vec::new();
    for (loc, url) in used {
        let reference = resolve(emulation, url).await;
        references.push(reference.map_err(|problem| Box::new(unusable(loc, url, problem)))?);
    }
    Ok(references)
}

fn unusable(loc: &[Value], url: &str, problem: Unusable) -> Value {
    let (kind, msg, ctx) = match problem {
        Unusable::Download => ("file_download_error", "Failed to download the file.", None),
        Unusable::TooManyBytes => {
            ("file_too_large", "The file is too large.", Some(json!({ "max_size": 50 * 1024 * 1024 })))
        }
        Unusable::NotAnImage => ("image_load_error", "Failed to load the image.", None),
        Unusable::TooManyPixels => {
            let ctx = json!({ "max_height": 14142, "max_width": 14142 });
            ("image_too_large", "The image is too large.", Some(ctx))
        }
    };
    detail_item(loc, kind, msg, ctx, Some(&url.into()))
}

async fn draw_all(
    emulation: &Emulation,
    request: &Request,
    model: &Model,
    input: &Map<String, Value>,
    references: &[Reference],
) -> Outcome {
    let given = input.get("seed").and_then(|seed| seed.as_u64().or_else(|| seed.as_i64().map(i64::cast_unsigned)));
    // From the request's own id, so that one that is run again after a kill brings the same.
    let seed = given.unwrap_or_else(|| seed_of(&request.id));
    // As it came: a seed may be beyond 2^53, or negative.
    let echoed = input.get("seed").cloned().unwrap_or_else(|| json!(seed));
    let asked = input.get("num_images").and_then(Value::as_u64).unwrap_or(1);
    let (mut count, mut billed) = (asked, None);
    for fault in request.generation_faults() {
        match fault {
            GenerationFault::MoreImages { images } => count = *images,
            GenerationFault::Billed { units } => billed = Some(*units),
            GenerationFault::ModelError { .. }
            | GenerationFault::RequestError { .. }
            | GenerationFault::Slow { .. }
            | GenerationFault::Held
            | GenerationFault::Crash
            | GenerationFault::NeverFinish
            | GenerationFault::IgnoreCancel
            | GenerationFault::RefuseCancel { .. } => {}
        }
    }
    let (width, height) = output_size(input, references.first().map(|reference| reference.size));
    let angle = asked_angle(input);
    let lora = lora(input);
    let origins: Vec<Origin> = references.iter().map(|reference| reference.origin.clone()).collect();
    let faults: Vec<DrawingFault> = request
        .faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::Drawing(drawing) => Some(drawing.clone()),
            Fault::Submit(_) | Fault::Generation(_) | Fault::File(_) | Fault::Webhook(_) | Fault::Question(_) => None,
        })
        .collect();
    let is_black = |number: usize| {
        faults.contains(&DrawingFault::BlackFrame) || faults.contains(&DrawingFault::BlackFrameOf { image: number })
    };
    let (mut images, mut flagged) = (Vec::new(), Vec::new());
    for number in 0..count {
        let origin = Origin::from_references(request.prompt(), seed.wrapping_add(number), &origins).of_person(lora);
        let azimuth = if lora.is_some() { sitters_turn(seed.wrapping_add(number)) } else { 0.0 };
        let angle = angle.unwrap_or(Angle { azimuth, elevation: 0.0 });
        let black = is_black(images.len());
        let mut faults = faults.clone();
        faults.extend(black.then_some(DrawingFault::BlackFrame));
        let framing = if lora.is_some() { Framing::asked(request.prompt()) } else { Framing::Whole };
        let drawing = Drawing { origin, angle, framing, width, height, faults };
        match publish(emulation, request, input, drawing, images.len()).await {
            Ok(image) => {
                images.push(image);
                flagged.push(black);
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the fal emulator could not publish an image"
                );
                return infrastructure_error("internal_error", false);
            }
        }
    }
    Outcome {
        status: 200,
        billable_units: billed.unwrap_or_else(|| billable_units(&model.terms, input, &images, references.len())),
        body: output(model.terms.output, request, &images, &echoed, &flagged),
        headers: Vec::new(),
        failure: None,
    }
}

/// The file of the first LoRA, which says what the person looks like, without the signature of its address.
fn lora(input: &Map<String, Value>) -> Option<&str> {
    let path = input.get("loras")?.as_array()?.first()?.get("path")?.as_str()?;
    Some(path.split(['?', '#']).next().unwrap_or(path))
}

fn seed_of(request: &str) -> u64 {
    let digest = Sha256::digest(request);
    let seed = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    seed >> 1
}

fn billable_units(terms: &Terms, input: &Map<String, Value>, images: &[Published], references: usize) -> f64 {
    match terms.unit {
        Unit::Images => {
            let tier = input.get("resolution").and_then(Value::as_str).and_then(|tier| terms.tiers.get(tier));
            images.len() as f64 * tier.copied().unwrap_or(1.0)
        }
        Unit::Megapixels => {
            let inputs = if terms.inputs_billed { references as f64 } else { 0.0 };
            inputs + images.iter().map(|image| billed_megapixels(image.width, image.height)).sum::<f64>()
        }
    }
}

fn output(form: OutputForm, request: &Request, images: &[Published], seed: &Value, flagged: &[bool]) -> Value {
    let images: Vec<Value> = images.iter().map(Published::to_json).collect();
    match form {
        OutputForm::Core => json!({
            "has_nsfw_concepts": flagged,
            "images": images,
            "timings": { "inference": 0.5 },
            "seed": seed,
            "prompt": request.prompt(),
        }),
        OutputForm::Seed => json!({ "images": images, "seed": seed }),
        OutputForm::Description => json!({ "images": images, "description": "" }),
    }
}

/// A model answer other than 200 that cost nothing.
fn failed(status: u16, body: Value) -> Outcome {
    let failure = Failure { message: format!("Invalid status code: {status}"), error_type: None };
    Outcome { status, body, headers: Vec::new(), failure: Some(failure), billable_units: 0.0 }
}

fn model_error(kind: &str, status: u16, billed: bool, retry: Option<RetryHeader>, body: &ErrorBody) -> Outcome {
    let retry = retry.map(|header| match header {
        RetryHeader::NeedsRetry(retry) => ("x-fal-needs-retry".to_owned(), u8::from(retry).to_string()),
        RetryHeader::Retryable(retry) => ("x-fal-retryable".to_owned(), retry.to_string()),
    });
    Outcome {
        headers: retry.into_iter().collect(),
        billable_units: if billed && status < 500 { 1.0 } else { 0.0 },
        ..failed(status, error_body(body, kind))
    }
}

fn infrastructure_error(error_type: &str, user_deadline: bool) -> Outcome {
    let text = format!("Request failed: {}", error_type.replace('_', " "));
    let mut headers = vec![("x-fal-error-type".to_owned(), error_type.to_owned())];
    if user_deadline {
        headers.push(("x-fal-request-timeout-type".to_owned(), "user".to_owned()));
    }
    Outcome {
        status: request_error_status(error_type).as_u16(),
        body: request_error_body(error_type, &text),
        headers,
        failure: Some(Failure { message: text, error_type: Some(error_type.to_owned()) }),
        billable_units: 0.0,
    }
}
