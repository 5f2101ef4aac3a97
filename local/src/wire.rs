//! The lines between the functions and what they call. Functions, engines and emulator stay as they are: in between, a call
//! may be held up, refused, or cut before or after it has had its effect.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use likeness_core::fal::http_builder;
use reqwest::Client;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    connection::{CuttableListener, Line},
    triggers::invocations::{Invocation, Invocations},
};

/// Larger than any image that is stored.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// What a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// DynamoDB.
    Table,
    /// SQS.
    Queues,
    /// R2.
    Bucket,
    /// fal's queue API.
    Fal,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Table, Self::Queues, Self::Bucket, Self::Fal];

    /// Its name in the table of a report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Queues => "queues",
            Self::Bucket => "bucket",
            Self::Fal => "fal",
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Where it goes.
    pub service: Service,
    /// The operation as the protocol names it, for example `PutItem`, or the HTTP method.
    pub operation: String,
    /// The invocation that makes it; none where it is not a function's own (fal reads a signed address), and no telling
    /// which unless they run one at a time.
    pub by: Option<Invocation>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes through.
    Through,
    /// It goes through, later.
    Late(Duration),
    /// It is refused as the service refuses when it is too busy.
    Throttled,
    /// It is answered with a fault of the service.
    Broken,
    /// There is nobody at the other end.
    Unreachable,
    /// It has its effect, and the answer is lost.
    AnswerLost,
    /// Its function is stopped dead right before it.
    KilledBefore,
    /// Its function is stopped dead right after it had its effect.
    KilledAfter,
}

/// What a call that went through has cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Toll {
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body.
    pub received: usize,
    /// Capacity units, of a call to the table that is metered.
    pub units: f64,
    /// Those among them that went to indexes.
    pub index_units: f64,
    /// How many items a call to the table was to write.
    pub items_written: usize,
}

/// Who decides on the fate of calls, and who hears what they cost; cheap to clone.
#[derive(Clone)]
pub struct Wire {
    decide: Arc<dyn Fn(&Call) -> Fate + Send + Sync>,
    meter: Option<Arc<ToldOfTolls>>,
}

type ToldOfTolls = dyn Fn(&Call, Toll) + Send + Sync;

impl Wire {
    /// `decide` is asked about every call.
    pub fn new(decide: impl Fn(&Call) -> Fate + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), meter: None }
    }

    /// Everything goes through, and `meter` is told what it cost. The table is asked for its own count of capacity units,
    /// which no function does.
    pub fn metered(meter: impl Fn(&Call, Toll) + Send + Sync + 'static) -> Self {
        Self { meter: Some(Arc::new(meter)), ..Self::new(|_| Fate::Through) }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// One line, from an address of its own to a service. Dropped, it ends.
pub(crate) struct Stretch {
    url: String,
    server: JoinHandle<()>,
}

struct Ends {
    service: Service,
    /// The service's own address.
    to: String,
    wire: Wire,
    invocations: Invocations,
    http: Client,
}

impl Stretch {
    /// From a free port to `to`, the base URL of `service`.
    pub(crate) async fn lay(
        service: Service,
        to: String,
        wire: Wire,
        invocations: Invocations,
    ) -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let http = http_builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let http = http.map_err(std::io::Error::other)?;
        let ends = Arc::new(Ends { service, to, wire, invocations, http });
        let router = Router::new().fallback(carry).with_state(ends);
        let service = router.into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(CuttableListener(listener), service).into_future();
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a wire stopped serving");
            }
        });
        Ok(Self { url, server })
    }

    /// The base URL at which the service is reached through it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Stretch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn carry(State(ends): State<Arc<Ends>>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    // Whoever called may be killed here, which closes the connection and would end this with it.
    let carried = tokio::spawn(async move {
        let call = ends.call(&request);
        match (ends.wire.decide)(&call) {
            Fate::Through => ends.forward(&call, request).await,
            Fate::Late(by) => {
                tokio::time::sleep(by).await;
                ends.forward(&call, request).await
            }
            Fate::Throttled => Ok(busy(ends.service)),
            Fate::Broken => Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            Fate::Unreachable => Err(Cut),
            Fate::AnswerLost => ends.forward(&call, request).await.and(Err(Cut)),
            Fate::KilledBefore => ends.kill(&call).await,
            Fate::KilledAfter => {
                let _ = ends.forward(&call, request).await;
                ends.kill(&call).await
            }
        }
    });
    if let Ok(Ok(response)) = carried.await {
        return response;
    }
    line.cut();
    StatusCode::BAD_GATEWAY.into_response()
}

/// The connection ends without an answer.
struct Cut;

impl Ends {
    fn call(&self, request: &Request) -> Call {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or(request.method().as_str());
        let signed_address = request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature="));
        let by = if signed_address { None } else { self.invocations.running().first().copied() };
        Call { service: self.service, operation: operation.to_owned(), by }
    }

    async fn kill(&self, call: &Call) -> Result<Response, Cut> {
        if let Some(invocation) = call.by {
            self.invocations.kill(invocation.number).await;
        }
        Err(Cut)
    }

    async fn forward(&self, call: &Call, request: Request) -> Result<Response, Cut> {
        let (mut head, body) = request.into_parts();
        let mut body = to_bytes(body, LARGEST_BODY).await.map_err(|_| Cut)?;
        let mut toll = Toll { sent: body.len(), ..Toll::default() };
        if self.wire.meter.is_some() && self.service == Service::Table {
            (body, toll.items_written) = asking_for_units(body, &call.operation);
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        // The host stays the one that the caller signed.
        let forwarded = self.http.request(head.method, format!("{}{path}", self.to)).headers(end_to_end(head.headers));
        let answer = forwarded.body(body).send().await.map_err(|_| Cut)?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
        let body = answer.bytes().await.map_err(|_| Cut)?;
        if let Some(meter) = &self.wire.meter {
            toll.received = body.len();
            if self.service == Service::Table {
                (toll.units, toll.index_units) = units(&body);
            }
            meter(call, toll);
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The same call of the table, which is to say what it costs, and how many items it writes.
fn asking_for_units(body: Bytes, operation: &str) -> (Bytes, usize) {
    let Ok(Value::Object(mut call)) = serde_json::from_slice(&body) else { return (body, 0) };
    let items = match operation {
        "TransactWriteItems" => call.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len),
        "PutItem" | "UpdateItem" => 1,
        _ => 0,
    };
    call.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into());
    (Value::Object(call).to_string().into(), items)
}

/// All units of a call, and those of indexes among them.
fn units(answer: &[u8]) -> (f64, f64) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let tables = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().collect(),
        table => vec![table],
    };
    let units = |of: &Value| of["CapacityUnits"].as_f64().unwrap_or_default();
    let indexes = tables.iter().filter_map(|table| table["GlobalSecondaryIndexes"].as_object());
    (tables.iter().map(|table| units(table)).sum(), indexes.flat_map(|indexes| indexes.values()).map(units).sum())
}

/// Without what concerns one connection only.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::EXPECT] {
        headers.remove(name);
    }
    headers
}

/// The words in which `service` says that it has too much to do.
fn busy(service: Service) -> Response {
    const AWS_JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    match service {
        Service::Table => {
            let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
            (StatusCode::BAD_REQUEST, AWS_JSON, body).into_response()
        }
        Service::Queues => {
            let body = r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"#;
            (StatusCode::BAD_REQUEST, AWS_JSON, body).into_response()
        }
        Service::Bucket => {
            let body = "<Error><Code>SlowDown</Code><Message>slow down</Message></Error>";
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
        }
        Service::Fal => (StatusCode::TOO_MANY_REQUESTS, r#"{"detail":"slow down"}"#).into_response(),
    }
}
