//! Workflows: a character, all around, in a scene, in one request.

use http::{Method, StatusCode};
use likeness_core::store::{Acceptance, MeterReading, Taking};
use likeness_domain::{
    id::WorkflowId,
    limit::{Allowance, Draw},
    rng::Rng,
    workflow::{Step, StepState, Workflow},
};
use likeness_fal_emulator::{ErrorBody, Fault, FaultRule, GenerationFault, LedgerEntry, WebhookFault};
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const PATH: &str = "/api/v1/projects/demo/workflows";

fn hero() -> Value {
    let description = "a lighthouse keeper in a yellow raincoat";
    let input = json!({ "subjectType": "character", "subjectId": "keeper", "description": description, "seed": 5 });
    json!({ "id": "hero", "type": "master", "input": input })
}

fn turn() -> Value {
    let input = json!({ "masterReferenceId": "$hero", "subjectId": "keeper", "preset": "8" });
    json!({ "id": "turn", "type": "profile_360", "input": input })
}

/// A scene with the image that `reference` names.
fn scene(reference: &str) -> Value {
    let references = json!({ "characters": [{ "referenceId": reference, "position": "left" }] });
    let input = json!({ "description": "the keeper walks along the quay at dusk", "references": references });
    json!({ "id": "scene", "type": "composite", "input": input })
}

async fn post(product: &Product, steps: Value) -> Value {
    let response = product.request(Method::POST, PATH).json(&json!({ "steps": steps })).send().await.unwrap();
    let status = response.status();
    let location = response.headers().get("location").cloned();
    let workflow: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{workflow}");
    assert_eq!(location.unwrap().to_str().unwrap(), workflow["links"]["self"].as_str().unwrap());
    workflow
}

async fn read(product: &Product, workflow: &Value) -> Value {
    product.get(&format!("{PATH}/{}", workflow["workflowId"].as_str().unwrap())).await
}

/// Lets time pass, with runs of the reconciler, until the workflow has ended.
async fn ended(product: &Product, workflow: &Value) -> Value {
    for _ in 0..60 {
        product.stack().settle().await;
        let workflow = read(product, workflow).await;
        if !workflow["endedAt"].is_null() {
            return workflow;
        }
        product.pass(5);
        product.stack().reconcile().await.unwrap();
    }
    panic!("the workflow hangs: {}", read(product, workflow).await);
}

fn statuses(workflow: &Value) -> Vec<&str> {
    workflow["steps"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect()
}

/// Which of these steps each request to fal was for, in fal's order.
fn order(workflow: &Value, ledger: &[LedgerEntry]) -> Vec<usize> {
    let jobs: Vec<&str> = workflow["steps"].as_array().unwrap().iter().map(job).collect();
    let step = |entry: &LedgerEntry| {
        jobs.iter().position(|job| entry.webhook_url.as_ref().unwrap().contains(job.trim_start_matches("job_")))
    };
    ledger.iter().map(|entry| step(entry).unwrap()).collect()
}

fn job(step: &Value) -> &str {
    step["jobId"].as_str().unwrap()
}

/// A master, eight views of it, and a scene with the view from the right, each once and after the one before.
async fn assert_done_in_order(product: &Product, workflow: &Value) {
    assert_eq!(workflow["status"], "completed", "{workflow}");
    assert_eq!(statuses(workflow), ["completed"; 3]);
    let order = order(workflow, &product.fal().ledger());
    assert_eq!(order, [[0].as_slice(), &[1; 8], &[2]].concat(), "{workflow}");

    let steps = &workflow["steps"];
    let views = product.job(job(&steps[1])).await["result"]["images"].clone();
    let right = views.as_array().unwrap().iter().find(|view| view["angle"] == 90).unwrap()["mediaId"].clone();
    let scene = product.job(job(&steps[2])).await;
    assert_eq!(scene["workflowId"], workflow["workflowId"]);
    let image = scene["result"]["mediaId"].as_str().unwrap();
    let used = product.store().related_from(&"demo".parse().unwrap(), image).await.unwrap();
    assert_eq!(used, [("USES_REFERENCE".to_owned(), right.as_str().unwrap().to_owned())]);
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.reserved.micros(), ledger.jobs), (0, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_character_its_views_and_a_scene_come_one_after_another() {
    let product = Product::start().await;
    let accepted = post(&product, json!([hero(), turn(), scene("$turn.90")])).await;
    assert_eq!(statuses(&accepted)[1..], ["queued"; 2]);
    assert!(accepted["steps"][0]["jobId"].is_string() && accepted["steps"][1]["jobId"].is_null(), "{accepted}");
    assert_eq!(accepted["steps"][2]["needs"], json!(["turn"]));
    let workflow = ended(&product, &accepted).await;
    assert_done_in_order(&product, &workflow).await;
    assert_eq!(workflow["steps"][1]["progress"], 100);

    let listed = product.get(PATH).await;
    assert_eq!((&listed["workflows"], &listed["hasMore"]), (&json!([workflow]), &json!(false)));
    product.pass(1);
    // Asked for again, every step is there already: nothing is paid twice.
    let again = ended(&product, &post(&product, json!([hero(), turn(), scene("$turn.90")])).await).await;
    assert_eq!((&again["status"], &again["steps"][2]["jobId"]), (&json!("completed"), &workflow["steps"][2]["jobId"]));
    assert_eq!(product.fal().ledger().len(), 10);
    let page = product.get(&format!("{PATH}?limit=1")).await;
    assert_eq!((&page["workflows"], &page["hasMore"]), (&json!([again]), &json!(true)));
    let rest = product.get(&format!("{PATH}?limit=1&cursor={}", page["nextCursor"].as_str().unwrap())).await;
    assert_eq!(rest["workflows"], json!([workflow]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_can_be_nested() {
    let product = Product::start().await;
    let (mut hero, mut turn) = (hero(), turn());
    turn["input"] = json!({ "preset": "8" });
    turn["then"] = json!([scene("$turn.90")]);
    hero["then"] = json!([turn]);
    let workflow = ended(&product, &post(&product, json!([hero])).await).await;
    assert_done_in_order(&product, &workflow).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_fails_with_what_it_needs_and_is_never_sent() {
    let product = Product::start().await;
    let (kind, body) = ("content_policy_violation".to_owned(), ErrorBody::DetailList);
    let refused = GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body };
    product.fal().faults().add(FaultRule::always(Fault::Generation(refused)));
    let workflow = ended(&product, &post(&product, json!([hero(), turn(), scene("$turn.90")])).await).await;
    assert_eq!((&workflow["status"], statuses(&workflow)), (&json!("failed"), vec!["failed"; 3]), "{workflow}");
    let steps = &workflow["steps"];
    assert_eq!((&steps[0]["error"]["code"], &steps[1]["jobId"]), (&json!("content_refused"), &Value::Null));
    assert_eq!(steps[1]["error"]["code"], "step_failed");
    assert_eq!(steps[2]["error"]["detail"], "the step turn was not done");
    assert!(product.fal().ledger().iter().all(|sent| sent.endpoint == "fal-ai/flux/dev"));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_was_not_made_fails_the_step_that_names_it() {
    let product = Product::start().await;
    super::profile::fail(&product, &[90]);
    let workflow = ended(&product, &post(&product, json!([hero(), turn(), scene("$turn.90")])).await).await;
    assert_eq!((&workflow["status"], statuses(&workflow)), (&json!("partial"), vec!["completed", "partial", "failed"]));
    let error = &workflow["steps"][2]["error"];
    assert_eq!((&error["code"], product.fal().ledger().len()), (&json!("step_failed"), 9));
    assert!(error["detail"].as_str().unwrap().ends_with("$turn.90 is an image that was not made"), "{error}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_cannot_come_to_its_end_is_refused_before_anything_is_paid() {
    let product = Product::start().await;
    let with = |mut step: Value, field: &str, value: &str| {
        step["input"][field] = json!(value);
        step
    };
    let mut nested = hero();
    nested["then"] = json!([scene("img_01jd0000000000000000000000-0-0")]);
    let mut prop = with(hero(), "subjectType", "prop");
    prop["id"] = json!("prop");
    let character = "references/characters/0/referenceId";
    for (steps, pointer) in [
        (json!([hero(), scene("$hero.77")]), format!("/steps/1/input/{character}")),
        (json!([hero(), turn(), scene("$turn.77")]), format!("/steps/2/input/{character}")),
        (json!([nested]), format!("/steps/0/then/0/input/{character}")),
        (json!([hero(), prop]), "/steps/1/input/subjectType".to_owned()),
        (json!([hero(), with(turn(), "subjectId", "other")]), "/steps/1/input/masterReferenceId".to_owned()),
        (json!([hero(), with(turn(), "model", "flux-dev")]), "/steps/1/input/masterReferenceId".to_owned()),
        (
            json!([hero(), scene("$hero"), with(turn(), "masterReferenceId", "$scene")]),
            "/steps/2/input/masterReferenceId".to_owned(),
        ),
    ] {
        let (status, problem) = answer(product.request(Method::POST, PATH).json(&json!({ "steps": steps }))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    assert_eq!(product.get(PATH).await["workflows"], json!([]));
    assert_eq!(product.get("/api/v1/projects/demo/jobs").await["jobs"], json!([]));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_waits_for_an_image_that_another_job_is_making() {
    let product = Product::start().await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let master = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let shot = product.settled(&master).await["shots"][0]["shotId"].clone();
    let mut second = scene(&format!("img_{}-0", shot.as_str().unwrap()));
    second["id"] = json!("second");
    let steps = json!([scene(&master), second, with_seed(hero())]);
    let accepted = post(&product, steps).await;
    product.stack().settle().await;
    // The step that does not need it goes on.
    assert_eq!(statuses(&read(&product, &accepted).await), ["queued", "queued", "completed"]);
    assert_eq!(product.ended(&master).await["status"], "completed");
    product.pass(20);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    let workflow = read(&product, &accepted).await;
    assert_eq!((&workflow["status"], statuses(&workflow)), (&json!("completed"), vec!["completed"; 3]), "{workflow}");
    product.finish().await;
}

fn with_seed(mut step: Value) -> Value {
    step["input"]["seed"] = json!(5);
    step
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_are_made_anew_where_the_caller_says_so() {
    let product = Product::start().await;
    let first = ended(&product, &post(&product, json!([hero()])).await).await;
    product.pass(1);
    let body = json!({ "steps": [hero()] });
    let fresh = product.request(Method::POST, PATH).header("cache-control", "no-cache").json(&body);
    let fresh = ended(&product, &answer(fresh).await.1).await;
    assert_ne!(job(&fresh["steps"][0]), job(&first["steps"][0]));
    let again = ended(&product, &post(&product, json!([hero()])).await).await;
    assert_eq!((job(&again["steps"][0]), product.fal().ledger().len()), (job(&fresh["steps"][0]), 2));
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.cache_hits, ledger.jobs), (1, 2));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_steps_a_few_are_begun_while_the_caller_waits() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let step = |index: usize| {
        let mut step = hero();
        step["id"] = json!(format!("s{index}"));
        step["input"]["subjectId"] = json!(format!("keeper-{index}"));
        step
    };
    let accepted = post(&product, (0..10).map(step).collect()).await;
    let begun = accepted["steps"].as_array().unwrap().iter().filter(|step| step["jobId"].is_string()).count();
    assert_eq!(begun, 4);
    product.stack().settle().await;
    product.stack().deliver_only(None);
    let workflow = ended(&product, &accepted).await;
    assert_eq!(statuses(&workflow), ["completed"; 10]);
    assert_eq!(product.fal().ledger().len(), 10);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_messages_costs_time_only() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let accepted = post(&product, json!([hero(), turn(), scene("$turn.90")])).await;
    product.stack().settle().await;
    assert_eq!(read(&product, &accepted).await["status"], "queued");
    for _ in 0..3 {
        // Of all that are sent from here to the next run of the reconciler, two messages arrive.
        product.stack().deliver_only(Some(2));
        product.pass(121);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
    }
    assert_ne!(statuses(&read(&product, &accepted).await), ["completed"; 3], "nothing was lost");
    product.stack().deliver_only(None);
    let workflow = ended(&product, &accepted).await;
    assert_done_in_order(&product, &workflow).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_whose_beginning_was_missed_is_begun_by_the_sweep() {
    let product = Product::start().await;
    let now = product.test_clock.now();
    // As a crash right after the write leaves it.
    let master = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.ended(&master).await;
    let kind = product.store().job(master.parse().unwrap()).await.unwrap().unwrap().job.value.kind;
    let workflow = Workflow {
        id: WorkflowId::new(now, &Rng::from_os()),
        project: "demo".parse().unwrap(),
        created_by: "demo".parse().unwrap(),
        key: None,
        end_user: None,
        created_at: now,
        steps: vec![Step { name: "hero".to_owned(), kind, after: Vec::new(), held: None, state: StepState::Pending }],
        may_be_cached: true,
        deadline: None,
        state: Workflow::opened(now),
    };
    let taking = Taking::new(workflow.account(), Allowance::default(), Draw::nothing(), now);
    let reading = MeterReading::unlimited(taking, now);
    let accepted = product.store().accept_workflow(&workflow, None, &reading, now).await.unwrap();
    assert_eq!(accepted, Acceptance::Accepted);
    let path = format!("{PATH}/{}", workflow.id);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    assert_eq!(product.get(&path).await["status"], "queued", "not before its time");
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    assert_eq!(product.get(&path).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_canceled_in_the_middle_goes_no_further() {
    let product = Product::start().await;
    product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::NeverFinish)));
    product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
    let accepted = post(&product, json!([hero(), turn(), scene("$turn.90")])).await;
    product.stack().settle().await;
    let cancel = format!("{PATH}/{}/cancel", accepted["workflowId"].as_str().unwrap());
    let (status, canceled) = answer(product.request(Method::POST, &cancel)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{canceled}");
    assert_eq!(statuses(&canceled), ["processing", "canceled", "canceled"], "{canceled}");
    assert_eq!(
        (&canceled["status"], &canceled["steps"][1]["error"]["code"]),
        (&json!("processing"), &json!("canceled"))
    );
    // The master is canceled at fal, and what became of it is asked for.
    let workflow = ended(&product, &accepted).await;
    assert_eq!((&workflow["status"], statuses(&workflow)), (&json!("canceled"), vec!["canceled"; 3]));
    assert!(product.fal().ledger().iter().all(|sent| sent.endpoint == "fal-ai/flux/dev"));
    let (status, problem) = answer(product.request(Method::POST, &cancel)).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::CONFLICT, &json!("the workflow has ended")));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_canceled_after_a_step_keeps_what_that_made() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "1".to_owned()));
    })
    .await;
    let kontext = likeness_fal_emulator::When {
        endpoint: Some("fal-ai/flux-pro/kontext".to_owned()),
        nth: Some(1),
        ..likeness_fal_emulator::When::default()
    };
    let late = FaultRule::once(Fault::Webhook(WebhookFault::Never)).when(kontext);
    product.fal().faults().add(late);
    let accepted = post(&product, json!([hero(), turn(), scene("$turn.90")])).await;
    product.stack().settle().await;
    assert_eq!(statuses(&read(&product, &accepted).await), ["completed", "processing", "queued"]);
    let cancel = format!("{PATH}/{}/cancel", accepted["workflowId"].as_str().unwrap());
    assert_eq!(answer(product.request(Method::POST, &cancel)).await.0, StatusCode::ACCEPTED);
    let workflow = ended(&product, &accepted).await;
    // One view was at fal and came; seven were taken back.
    assert_eq!(
        (&workflow["status"], statuses(&workflow)),
        (&json!("partial"), vec!["completed", "partial", "canceled"])
    );
    let views = product.job(job(&workflow["steps"][1])).await;
    assert_eq!(views["shots"].as_array().unwrap().iter().filter(|shot| shot["status"] == "canceled").count(), 7);
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!((ledger.reserved.micros(), ledger.settled.micros()), (0, 25_000 + 40_000));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_workflow() {
    let product = Product::start().await;
    let keyed =
        |path: &str, body: &Value| product.request(Method::POST, path).header("idempotency-key", "k").json(body);
    let body = json!({ "steps": [hero()] });
    let posts = (0..4).map(|_| answer(keyed(PATH, &body)));
    let answers = futures_util::future::join_all(posts).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::ACCEPTED), "{answers:?}");
    let first = &answers[0].1;
    assert!(answers.iter().all(|(_, workflow)| workflow["workflowId"] == first["workflowId"]), "{answers:?}");
    let workflow = ended(&product, first).await;
    assert_eq!(answer(keyed(PATH, &body)).await.1, workflow, "also after its end");
    assert_eq!(product.fal().ledger().len(), 1, "paid once");
    let other = json!({ "steps": [hero(), turn()] });
    let master = hero()["input"].clone();
    for (path, body) in [(PATH, &other), ("/api/v1/projects/demo/images/generate/master", &master)] {
        let (status, problem) = answer(keyed(path, body)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")), "{path}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_workflow_is_said_and_nobody_sees_anothers() {
    let product = Product::start().await;
    let mut later = hero();
    later["after"] = json!(["turn"]);
    let mut short = hero();
    short["then"] = json!([{ "id": "x", "type": "master", "input": { "description": "short" } }]);
    let mut wrong = hero();
    wrong["then"] = json!([{ "id": "turn", "type": "profile_360", "input": { "angles": [361] } }]);
    for (steps, pointer) in [
        (json!([scene("$turn.90"), turn()]), "/steps/0/input/references/characters/0/referenceId"),
        (json!([hero(), scene("$nobody")]), "/steps/1/input/references/characters/0/referenceId"),
        (json!([later, turn()]), "/steps/0/after/0"),
        (json!([hero(), hero()]), "/steps/1/id"),
        (json!([short]), "/steps/0/then/0/input/subjectType"),
        (json!([wrong]), "/steps/0/then/0/input/angles/0"),
        (json!([{ "id": "a", "type": "painting", "input": {} }]), "/steps/0/type"),
        (json!([{ "id": "a", "type": "master", "input": "hero" }]), "/steps/0/input"),
        (json!([]), "/steps"),
    ] {
        let (status, problem) = answer(product.request(Method::POST, PATH).json(&json!({ "steps": steps }))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{problem}");
    }
    assert_eq!(product.get(PATH).await["workflows"], json!([]));
    product.stack().settle().await;
    assert!(product.fal().ledger().is_empty());

    let workflow = ended(&product, &post(&product, json!([hero()])).await).await;
    product.create_project("elsewhere", "elsewhere-key").await;
    let (own, through_own) = (workflow["links"]["self"].as_str().unwrap(), PATH.replace("demo", "elsewhere"));
    let through_own = format!("{through_own}/{}", workflow["workflowId"].as_str().unwrap());
    for (path, what) in [(own, "project"), (through_own.as_str(), "workflow")] {
        for (method, path) in [(Method::GET, path.to_owned()), (Method::POST, format!("{path}/cancel"))] {
            let request = product.http.request(method, format!("{}{path}", product.stack().url()));
            let (status, problem) = answer(request.bearer_auth("elsewhere-key")).await;
            assert_eq!(
                (status.as_u16(), &problem["detail"]),
                (404, &json!(format!("there is no such {what}"))),
                "{path}"
            );
        }
    }
    product.finish().await;
}
