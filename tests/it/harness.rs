//! The whole product on embedded engines, with a clock that a test moves. A test works through the front door and ends
//! with [`Product::finish`], which fails where work was left behind.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use http::StatusCode;
use jiff::Timestamp;
use likeness_core::{
    clients::http::http_builder,
    config::StoreConfig,
    store::{MeterReading, Store, Taking},
};
use likeness_domain::{clock::Clock, job::Job, lane::Lane, limit::Allowance, rng::Rng};
use likeness_fal_emulator::{Emulator, EmulatorOptions, Fault, FaultRule, Pictures, WebhookPacing};
use likeness_stack::{Stack, StackOptions};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// The key of the project `demo`.
pub(crate) const KEY: &str = "test-key";

/// What the emulators of all tests have drawn.
static PICTURES: LazyLock<Pictures> = LazyLock::new(Pictures::default);

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn new() -> Self {
        // From the machine's time on, as the S3 engine judges signed addresses by that.
        Self(Arc::new(AtomicI64::new(Clock::system().now().as_millisecond())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let test_clock = self.clone();
        Clock::new(move || test_clock.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A running product and a client of it.
pub(crate) struct Product {
    stack: Option<Stack>,
    pub(crate) test_clock: TestClock,
    pub(crate) http: Client,
}

impl Product {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with the options changed by `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut StackOptions)) -> Self {
        let seeded = |options: &mut StackOptions| {
            // The same seeds in every test, so that most of their pictures are drawn already.
            options.rng = Rng::seeded(1);
            options.fal.rng = Rng::seeded(2);
            change(options);
        };
        Self::at(TestClock::new(), seeded).await
    }

    /// Starts at the time of `hands`, for a second start on old data.
    pub(crate) async fn at(test_clock: TestClock, change: impl FnOnce(&mut StackOptions)) -> Self {
        let mut options = StackOptions {
            environment: vec![("FAL_RATE_LIMIT_PER_MINUTE".to_owned(), "100000".to_owned())],
            fal: EmulatorOptions {
                webhooks: WebhookPacing { first_pause: Duration::from_millis(5), ..WebhookPacing::default() },
                pictures: PICTURES.clone(),
                ..EmulatorOptions::default()
            },
            clock: test_clock.clock(),
            ..StackOptions::default()
        };
        change(&mut options);
        let stack = Stack::start(options).await.unwrap();
        let product = Self { stack: Some(stack), test_clock, http: http_builder().build().unwrap() };
        product.create_project("demo", KEY).await;
        product
    }

    /// A project owned by a user of the same name, and a key of that user with every scope.
    pub(crate) async fn create_project(&self, name: &str, token: &str) {
        self.stack().create_tenant(name, token, self.test_clock.now()).await.unwrap();
    }

    pub(crate) fn stack(&self) -> &Stack {
        self.stack.as_ref().unwrap()
    }

    pub(crate) fn fal(&self) -> &Emulator {
        self.stack().emulator().unwrap()
    }

    /// A client of the engine that holds the table.
    pub(crate) fn table(&self) -> aws_sdk_dynamodb::Client {
        likeness_stack::dynamodb_client(self.stack().env()).unwrap()
    }

    /// A client of the engine that holds the queues.
    pub(crate) fn queues(&self) -> aws_sdk_sqs::Client {
        likeness_stack::sqs_client(self.stack().env()).unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(StoreConfig::from_env(self.stack().env()).unwrap(), Rng::from_os())
    }

    /// The next submit meets `fault`.
    pub(crate) fn fault(&self, fault: Fault) {
        self.fal().faults().add(FaultRule::once(fault));
    }

    /// Time passes; what was delayed is delivered.
    pub(crate) fn pass(&self, seconds: i64) {
        self.test_clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.stack().sqs().wake();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.stack().url())).bearer_auth(KEY)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = answer(self.request(Method::GET, path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Asks for a master reference; returns the job's id.
    pub(crate) async fn post_master(&self, description: &str) -> String {
        self.post_master_with(json!({ "description": description })).await
    }

    /// The same with other fields set or changed.
    pub(crate) async fn post_master_with(&self, fields: Value) -> String {
        let (status, body) = answer(self.master(&fields)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        body["jobId"].as_str().unwrap().to_owned()
    }

    /// A request for a master reference, not sent yet.
    pub(crate) fn master(&self, fields: &Value) -> RequestBuilder {
        let mut body = json!({
            "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper in a yellow raincoat"
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        // Each is a request of its own, also where it is the same.
        let request = self.request(Method::POST, "/api/v1/projects/demo/images/generate/master");
        request.header("cache-control", "no-cache").json(&body)
    }

    pub(crate) async fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await
    }

    /// Lets everything happen that happens without time passing, and returns the job.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        self.stack().settle().await;
        self.job(id).await
    }

    /// Lets time pass, with runs of the reconciler, until the job has ended.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        // What the file host says to be gone is asked for over ten minutes.
        for _ in 0..200 {
            let job = self.settled(id).await;
            if !job["completedAt"].is_null() {
                return job;
            }
            self.pass(5);
            self.stack().reconcile().await.unwrap();
        }
        panic!("the job hangs: {}", self.job(id).await);
    }

    /// No slot is held, nothing waits, no message is left or was given up, and no key was sent to a file host.
    pub(crate) async fn assert_nothing_left(&self) {
        self.stack().settle().await;
        let queues = self.get("/api/v1/queues").await;
        assert_eq!((&queues["inFlight"], &queues["queueSize"]), (&json!(0), &json!(0)), "{queues}");
        for name in Lane::ALL.map(Lane::name).into_iter().chain(["ingest"]) {
            let queue = format!("likeness-{name}-dead-letters");
            assert_eq!(self.stack().sqs().depth(&queue).await.visible, 0, "{queue}");
        }
        if let Some(emulator) = self.stack().emulator() {
            assert!(emulator.violations().is_empty(), "{:?}", emulator.violations());
        }
    }

    /// Ends the test: fails where work is left.
    pub(crate) async fn finish(mut self) {
        self.assert_nothing_left().await;
        self.stack.take().unwrap().stop().await;
    }

    /// Ends the product while work is left: requests are at fal and messages in their queues.
    pub(crate) async fn crash(mut self) -> TestClock {
        let stack = self.stack.take().unwrap();
        stack.stop().await;
        self.test_clock.clone()
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        assert!(self.stack.is_none() || thread::panicking(), "a test ends with `finish`");
    }
}

/// What a job that the store accepts by itself takes: no limit holds for it.
pub(crate) fn unlimited(job: &Job) -> MeterReading {
    let draw = job.kind.draw(job.reserved);
    MeterReading::unlimited(Taking::new(job.account(), Allowance::default(), draw, job.created_at), job.created_at)
}

/// Status and JSON of an answer; `null` where it has no JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or_default())
}
