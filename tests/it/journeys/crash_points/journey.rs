//! The journeys, each from one request to its end.

use std::fs;

use http::{Method, StatusCode};
use likeness_domain::{id::JobId, money::Usd, rng::Rng};
use likeness_fal_emulator::{DrawingFault, Fault, FaultRule, GenerationFault, WebhookFault};
use likeness_stack::Stack;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::script::{Point, Script, When};
use crate::harness::{Product, answer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Journey {
    Master,
    /// Two views of a master, judged.
    Profile,
    /// A scene of two characters, judged.
    Composite,
    /// Two pictures of a person, by a LoRA.
    Portrait,
    /// A master whose callback never comes.
    Unheard,
    /// A master that is taken back while fal works on it; only the taking back.
    Canceled,
    /// A master that failed is tried again; only the second time.
    Retried,
}

/// How a journey ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    status: Value,
    cost: Option<Usd>,
    images: usize,
    /// What fal was asked for and took, in all.
    pub(super) requests: usize,
}

/// What a journey needs before its request, made once and kept as the data of a stack.
pub(super) struct Ground {
    pub(super) journey: Journey,
    data: TempDir,
    path: String,
    body: Value,
}

/// One run of a journey, with a stack of its own.
pub(super) struct Run {
    product: Product,
    script: Script,
    journey: Journey,
    path: String,
    body: Value,
    /// Removed with the run.
    _data: TempDir,
}

impl Journey {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Profile => "profile",
            Self::Composite => "composite",
            Self::Portrait => "portrait",
            Self::Unheard => "unheard",
            Self::Canceled => "canceled",
            Self::Retried => "retried",
        }
    }

    /// fal took the request, its answer is lost, and it never calls: nothing can tell of it, as fal has no idempotency.
    /// So it is sent again after its window, and what was paid is paid.
    pub(super) fn may_be_undecidable(self) -> bool {
        self == Self::Unheard
    }

    /// Makes what it needs before; returns the request that begins it, as far as that is known by then.
    async fn ground(self, product: &Product) -> (String, Value) {
        let (kind, body) = match self {
            Self::Master | Self::Unheard | Self::Canceled => ("master", keeper()),
            Self::Retried => {
                product.fault(Fault::Drawing(DrawingFault::BlackFrame));
                let job = product.post_master_with(keeper()).await;
                assert_eq!(product.ended(&job).await["status"], "failed");
                return (format!("/api/v1/jobs/{job}/retry"), json!({}));
            }
            Self::Profile => {
                let master = master(product, keeper()).await;
                ("profile360", json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 180] }))
            }
            Self::Composite => {
                let (left, right) = (master(product, keeper()).await, master(product, wizard()).await);
                let characters = json!([
                    { "referenceId": left, "position": "left" }, { "referenceId": right, "position": "right" },
                ]);
                let body = json!({
                    "description": "the two meet at the end of the pier", "references": { "characters": characters },
                    "composition": "full-body", "seed": 11,
                });
                ("composite", body)
            }
            Self::Portrait => {
                product.put_person("ada").await;
                product.lora_of("ada").await;
                let prompt = "74828 is looking at the camera, smiling, with a haunted house in the background.";
                ("portrait", json!({ "personId": "ada", "prompt": prompt, "numImages": 2, "seed": 3 }))
            }
        };
        (format!("/api/v1/projects/demo/images/generate/{kind}"), body)
    }
}

fn keeper() -> Value {
    json!({
        "subjectType": "character", "subjectId": "keeper", "seed": 5,
        "description": "a lighthouse keeper in a yellow raincoat and yellow trousers",
    })
}

fn wizard() -> Value {
    json!({
        "subjectType": "character", "subjectId": "wizard", "seed": 5,
        "description": "a bearded wizard in a purple coat and purple trousers",
    })
}

/// A finished master; returns the image's id.
async fn master(product: &Product, body: Value) -> Value {
    let job = product.post_master_with(body).await;
    product.ended(&job).await["result"]["mediaId"].clone()
}

impl Ground {
    pub(super) async fn of(journey: Journey) -> Self {
        let data = tempfile::tempdir().unwrap();
        let kept = data.path().to_owned();
        let product = Product::with(move |options| {
            options.data = Some(kept);
            options.rng = Rng::seeded(5);
            options.fal.rng = Rng::seeded(6);
        })
        .await;
        let (path, body) = journey.ground(&product).await;
        product.finish().await;
        // Each run takes the ports that are free.
        fs::remove_file(data.path().join("ports.json")).unwrap();
        Self { journey, data, path, body }
    }

    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(self.data.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        copy
    }
}

impl Run {
    /// Starts a stack on a copy of `ground`.
    pub(super) async fn prepare(ground: &Ground, stop: Option<(Point, When)>) -> Self {
        let script = Script::stopping_at(stop);
        let wire = script.wire();
        let data = ground.copy();
        let kept = data.path().to_owned();
        // The same chance every time, so that the same calls are made.
        let product = Product::with(move |options| {
            options.data = Some(kept);
            options.wire = Some(wire);
            options.one_at_a_time = true;
            options.rng = Rng::seeded(7);
            options.fal.rng = Rng::seeded(8);
        })
        .await;
        let (mut path, mut body) = (ground.path.clone(), ground.body.clone());
        if ground.journey == Journey::Canceled {
            product.fault(Fault::Generation(GenerationFault::NeverFinish));
            let job = product.post_master_with(body).await;
            product.stack().settle().await;
            (path, body) = (format!("/api/v1/jobs/{job}/cancel"), json!({}));
        }
        if ground.journey == Journey::Unheard {
            product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
        }
        script.begin();
        Self { product, script, journey: ground.journey, path, body, _data: data }
    }

    /// From the request to the end, as a caller and AWS would see to it.
    pub(super) async fn go(&self) -> Outcome {
        let id = self.accepted().await;
        let store = self.product.store();
        for _ in 0..60 {
            self.product.stack().settle().await;
            let view = store.job(id).await.unwrap().unwrap();
            if let Some(ending) = view.job.value.ending()
                && self.is_idle().await
            {
                let shots = view.plain_shots();
                return Outcome {
                    status: json!(view.job.value.status(&shots)),
                    cost: ending.cost,
                    images: shots.iter().map(|shot| shot.media().len()).sum(),
                    requests: self.product.fal().ledger().len(),
                };
            }
            self.product.pass(10);
            // A run of the reconciler that was stopped is followed by the next.
            let _ = self.product.stack().reconcile().await;
        }
        panic!("{} hangs: {:?}", self.journey.name(), store.job(id).await.unwrap());
    }

    /// The request, made until it is answered: under one idempotency key it is one request.
    async fn accepted(&self) -> JobId {
        for _ in 0..3 {
            let request = self.product.request(Method::POST, &self.path).header("idempotency-key", "once");
            let request = request.json(&self.body);
            let (status, body) = answer(request).await;
            if status == StatusCode::BAD_GATEWAY {
                continue;
            }
            assert!(matches!(status, StatusCode::OK | StatusCode::ACCEPTED), "{status} {body}");
            return body["jobId"].as_str().unwrap().parse().unwrap();
        }
        panic!("{} is not accepted", self.journey.name());
    }

    /// No message is left, also none that is hidden.
    async fn is_idle(&self) -> bool {
        let depths = self.product.stack().depths().await;
        depths.iter().all(|(_, depth)| depth.visible + depth.in_flight + depth.delayed == 0)
    }

    pub(super) fn stack(&self) -> &Stack {
        self.product.stack()
    }

    pub(super) fn was_stopped(&self) -> bool {
        self.script.was_stopped()
    }

    /// Ends the stack; returns the calls that were made.
    pub(super) async fn end(self) -> Vec<Point> {
        let calls = self.script.calls();
        self.product.crash().await;
        calls
    }
}
