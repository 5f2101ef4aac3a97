//! The model table against the emulator's, which was written from the protocol sheet without a look at ours: whatever a
//! recipe can hold, an endpoint takes it, knows every field of it, and counts what we say that it costs.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use likeness_core::fal;
use likeness_domain::{
    clock::Clock,
    model::{Model, Size},
    quote::bound,
    recipe::{Control, ControlMode, LoraUse, Recipe, Source},
};
use likeness_fal_emulator::{Emulator, EmulatorOptions, ErrorBody, Fault, FaultRule, GenerationFault, LedgerOutcome};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const WEIGHTS: &str = "loras/ada/1.safetensors";
const MODES: [ControlMode; 5] =
    [ControlMode::Canny, ControlMode::Depth, ControlMode::Pose, ControlMode::Blur, ControlMode::Gray];

struct Fal {
    emulator: Emulator,
    http: Client,
    /// An image that references can point at.
    image: String,
}

impl Fal {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = EmulatorOptions { delay: Duration::ZERO, concurrency: 4, ..EmulatorOptions::default() };
        let emulator = Emulator::start(listener, options, Clock::system()).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut fal = Self { emulator, http, image: String::new() };
        let id = fal.submit("fal-ai/flux/dev", &json!({ "prompt": "a keeper", "image_size": "square_hd" })).await;
        fal.emulator.idle().await;
        let (_, body) = fal.result("fal-ai/flux/dev", &id).await;
        fal.image = body["images"][0]["url"].as_str().unwrap().to_owned();
        fal
    }

    /// Returns the request's id.
    async fn submit(&self, endpoint: &str, input: &Value) -> String {
        let url = format!("{}/{endpoint}", self.emulator.url());
        let answer = self.http.post(url).header("authorization", "Key id:secret").json(input).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["request_id"].as_str().unwrap_or_else(|| panic!("{endpoint}: {body}")).to_owned()
    }

    async fn result(&self, endpoint: &str, id: &str) -> (u16, Value) {
        let url = format!("{}/{endpoint}/requests/{id}", self.emulator.url());
        let answer = self.http.get(url).header("authorization", "Key id:secret").send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Sends all recipes and waits until they have run; returns what each was sent as, and its id.
    async fn run(&self, recipes: &[Recipe]) -> Vec<(Value, String)> {
        let sent = stream::iter(recipes).map(async |recipe| {
            let input = input(recipe);
            let id = self.submit(&recipe.model().unwrap().endpoint, &input).await;
            (input, id)
        });
        let sent = sent.buffered(8).collect().await;
        self.emulator.idle().await;
        sent
    }

    /// Everything that `model` takes, in the middle of its ranges.
    fn full(&self, model: &Model) -> Recipe {
        let image = Source::Url(self.image.clone());
        let controls = if model.control_weights.is_some() { &MODES[..] } else { &[] };
        let wanted = Recipe {
            model: model.id.clone(),
            prompt: "a keeper of a lighthouse, front view".to_owned(),
            template: "master-character@1".to_owned(),
            seed: 196_619_188_014_358_660,
            width: 1024,
            height: 1024,
            steps: None,
            guidance: None,
            images: 1,
            output_format: "jpeg".to_owned(),
            negative_prompt: Some("hat".to_owned()),
            strength: None,
            angle: model.angle.then_some(90),
            references: vec![image.clone(); model.max_references() as usize],
            controls: controls
                .iter()
                .map(|mode| Control { image: image.clone(), mode: *mode, strength: 0.7 })
                .collect(),
            loras: (0..model.max_loras)
                .map(|_| LoraUse { id: "1".parse().unwrap(), key: WEIGHTS.to_owned(), scale: 1.0 })
                .collect(),
        };
        wanted.on(model)
    }
}

fn input(recipe: &Recipe) -> Value {
    let weights = "https://r2.example/loras/ada/1.safetensors".to_owned();
    fal::input(recipe, &HashMap::from([(WEIGHTS.to_owned(), weights)])).unwrap()
}

/// The ends of every range, each format, each size.
fn extremes(model: &Model, full: &Recipe) -> Vec<Recipe> {
    let with = |change: &dyn Fn(&mut Recipe)| {
        let mut recipe = full.clone();
        change(&mut recipe);
        recipe
    };
    let mut all = vec![full.clone()];
    for steps in model.steps.iter().flat_map(|range| [range.min, range.max]) {
        all.push(with(&|recipe| recipe.steps = Some(steps)));
    }
    for guidance in model.guidance.iter().flat_map(|range| [range.min, range.max]) {
        all.push(with(&|recipe| recipe.guidance = Some(guidance)));
    }
    for strength in model.strength.iter().flat_map(|range| [range.min, range.max]) {
        all.push(with(&|recipe| recipe.strength = Some(strength)));
    }
    for scale in [0.0, 4.0] {
        all.push(with(&|recipe| recipe.loras.iter_mut().for_each(|lora| lora.scale = scale)));
    }
    for format in &model.output_formats {
        all.push(with(&|recipe| recipe.output_format.clone_from(format)));
    }
    for angle in [0, 359] {
        all.push(with(&|recipe| recipe.angle = Some(angle)));
    }
    for seed in [0, i64::MAX as u64] {
        all.push(with(&|recipe| recipe.seed = seed));
    }
    all.push(with(&|recipe| recipe.images = model.max_images));
    if model.references.as_ref().is_some_and(|references| !references.required) {
        all.push(with(&|recipe| recipe.references.clear()));
    }
    for (width, height) in sizes(model) {
        all.push(with(&|recipe| (recipe.width, recipe.height) = (width, height)));
    }
    all
}

/// The ends of what can be asked for in pixels, or every ratio in every tier.
fn sizes(model: &Model) -> Vec<(u32, u32)> {
    match &model.size {
        Size::Pixels { min, max, .. } => vec![(*min, *max), (*max, *min)],
        Size::AspectRatio { ratios } | Size::ResolutionMode { ratios } => in_ratios(ratios, 1024),
        Size::Tier { ratios, tiers } => tiers.iter().flat_map(|tier| in_ratios(ratios, tier.side)).collect(),
        Size::Input => Vec::new(),
    }
}

/// A size in each ratio with about as many pixels as a square of `side`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side in pixels, a few thousand")]
fn in_ratios(ratios: &[String], side: u32) -> Vec<(u32, u32)> {
    let size = |ratio: &String| {
        let (width, height) = ratio.split_once(':').unwrap();
        let root = (width.parse::<f64>().unwrap() / height.parse::<f64>().unwrap()).sqrt();
        ((f64::from(side) * root) as u32, (f64::from(side) / root) as u32)
    };
    ratios.iter().map(size).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_takes_whatever_the_table_says_that_it_takes() {
    let fal = Fal::start().await;
    // A run that passed the checks of its input ends here, before anything is drawn.
    let (kind, body) = ("the_input_is_valid".to_owned(), ErrorBody::DetailList);
    let passed = GenerationFault::ModelError { kind, status: 500, billed: false, retry: None, body };
    fal.emulator.faults().add(FaultRule::always(Fault::Generation(passed)));
    for model in Model::all() {
        let fields: BTreeSet<&str> = fal.emulator.fields(&model.endpoint).unwrap().into_iter().collect();
        let recipes = extremes(model, &fal.full(model));
        for (recipe, (input, id)) in recipes.iter().zip(fal.run(&recipes).await) {
            for field in input.as_object().unwrap().keys() {
                assert!(fields.contains(field.as_str()), "{} is sent {field}, and has no such input", model.id);
            }
            let (status, body) = fal.result(&model.endpoint, &id).await;
            let kind = body["detail"][0]["type"].as_str().unwrap();
            assert_eq!((status, kind), (500, "the_input_is_valid"), "{}: {body}\nof {input}", model.id);
            let Size::Tier { .. } = &model.size else { continue };
            let ratio = input["aspect_ratio"].as_str().unwrap().split_once(':').unwrap();
            let asked = f64::from(recipe.width) / f64::from(recipe.height);
            let sent = ratio.0.parse::<f64>().unwrap() / ratio.1.parse::<f64>().unwrap();
            assert!((asked / sent).ln().abs() < 0.01, "{asked} became {ratio:?}");
        }
    }
    fal.emulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_a_list_is_spelled_as_the_sheet_spells_it() {
    let fal = Fal::start().await;
    let general = Model::by_id("flux-general").unwrap();
    let input = input(&fal.full(general));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let unions = input["controlnet_unions"].as_array().unwrap();
    assert_eq!(unions.len(), 1, "only one is honoured");
    assert_eq!(keys(&unions[0]), ["controls", "path"]);
    let controls = unions[0]["controls"].as_array().unwrap();
    assert_eq!(keys(&controls[0]), ["conditioning_scale", "control_image_url", "control_mode"]);
    let modes: Vec<_> = controls.iter().map(|control| control["control_mode"].as_str().unwrap()).collect();
    assert_eq!(modes, ["canny", "depth", "pose", "blur", "gray"]);
    assert_eq!(keys(&input["loras"][0]), ["path", "scale"]);
    assert_eq!(keys(&input["image_size"]), ["height", "width"]);
    fal.emulator.stop().await;
}

/// What is drawn to compare the bills: a few sizes, all references, and more than one image.
fn priced(model: &Model, full: &Recipe) -> Vec<Recipe> {
    let sizes = match &model.size {
        Size::Pixels { min, .. } => vec![(1024, 1024), (1920, 1088), (768, 1024), ((*min).max(256), 512)],
        Size::AspectRatio { .. } => vec![(1024, 1024), (1920, 1080)],
        Size::ResolutionMode { ratios } => in_ratios(ratios, 1024),
        Size::Tier { tiers, .. } => tiers.iter().map(|tier| (tier.side, tier.side)).collect(),
        Size::Input => vec![(1024, 1024)],
    };
    let sized = sizes.into_iter().map(|(width, height)| Recipe { width, height, ..full.clone() }.on(model));
    let one_reference = Recipe { references: full.references.iter().take(1).cloned().collect(), ..full.clone() };
    sized.chain([one_reference, Recipe { images: 2, ..full.clone() }]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_table_says_that_an_image_costs_is_what_is_billed() {
    let fal = Fal::start().await;
    let url = format!("{}/v1/models/pricing", fal.emulator.url());
    let prices: Value = fal.http.get(url).send().await.unwrap().json().await.unwrap();
    let price = |endpoint: &str| {
        let all = prices["prices"].as_array().unwrap();
        all.iter().find(|price| price["endpoint_id"] == endpoint).unwrap()["unit_price"].as_f64().unwrap()
    };
    for model in Model::all() {
        let recipes = priced(model, &fal.full(model));
        let sent = fal.run(&recipes).await;
        let ledger = fal.emulator.ledger();
        for (recipe, (input, id)) in recipes.iter().zip(&sent) {
            let entry = ledger.iter().find(|entry| entry.request_id == *id).unwrap();
            assert_eq!(entry.outcome, LedgerOutcome::Succeeded, "{}", model.id);
            let billed = (entry.billable_units * price(&model.endpoint) * 1e6).round();
            let ours = model.cost(recipe.purchase(recipe.images)).unwrap();
            assert_eq!(ours.micros() as f64, billed, "{}: {} units for {input}", model.id, entry.billable_units);
            assert_eq!(model.cost_of_units(entry.billable_units), Some(ours), "{}", model.id);
            assert!(bound(recipe).unwrap() >= ours);
        }
    }
    fal.emulator.stop().await;
}
