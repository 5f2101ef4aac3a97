//! One proxy: forwards calls to a service as its [`Wire`] decides.

use std::{future::IntoFuture, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use likeness_core::clients::http::http_builder;
use likeness_fal_emulator::connection::{CuttableListener, Line};
use reqwest::Client;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Call, CallAction, CallCost, Service, Wire, units};
use crate::triggers::invocations::Invocations;

/// Larger than any image that is stored.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// A listener of its own in front of a service. Dropped, it target.
pub(crate) struct Proxy {
    url: String,
    server: JoinHandle<()>,
}

struct Target {
    service: Service,
    /// The service's own address.
    to: String,
    wire: Wire,
    invocations: Invocations,
    http: Client,
}

impl Proxy {
    /// From a free port to `to`, the base URL of `service`.
    pub(crate) async fn start(
        service: Service,
        to: String,
        wire: Wire,
        invocations: Invocations,
    ) -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let http = http_builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let http = http.map_err(std::io::Error::other)?;
        let target = Arc::new(Target { service, to, wire, invocations, http });
        let router = Router::new().fallback(proxy).with_state(target);
        let service = router.into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(CuttableListener(listener), service).into_future();
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a proxy stopped serving");
            }
        });
        Ok(Self { url, server })
    }

    /// The base URL at which the service is reached through it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn proxy(State(target): State<Arc<Target>>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    // A task of its own: a caller that is killed here closes the connection, which would end this with it.
    let forwarded = tokio::spawn(async move {
        let call = target.call(&request);
        match (target.wire.decide)(&call) {
            CallAction::Forward => target.forward(&call, request).await,
            CallAction::Delay(by) => {
                tokio::time::sleep(by).await;
                target.forward(&call, request).await
            }
            CallAction::Throttle => Ok(busy(target.service)),
            CallAction::TooManyRequests(seconds) => Ok(too_many_requests(seconds)),
            CallAction::Fail => Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            CallAction::Disconnect => Err(Cut),
            CallAction::DropAnswer => target.forward(&call, request).await.and(Err(Cut)),
            CallAction::KillBefore => target.kill(&call).await,
            CallAction::KillAfter => {
                let _ = target.forward(&call, request).await;
                target.kill(&call).await
            }
        }
    });
    if let Ok(Ok(response)) = forwarded.await {
        return response;
    }
    line.cut();
    StatusCode::BAD_GATEWAY.into_response()
}

/// The connection ends without an answer.
struct Cut;

impl Target {
    fn call(&self, request: &Request) -> Call {
        let header = request.headers().get("x-amz-target").and_then(|header| header.to_str().ok());
        let operation = header.and_then(|header| header.rsplit('.').next()).unwrap_or(request.method().as_str());
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
        let mut cost = CallCost { sent: body.len(), ..CallCost::default() };
        if self.wire.meter.is_some() && self.service == Service::Table {
            (body, cost.items_written) = units::requested(body, &call.operation);
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        // The host stays the one that the caller signed.
        let forwarded = self.http.request(head.method, format!("{}{path}", self.to)).headers(end_to_end(head.headers));
        let answer = forwarded.body(body).send().await.map_err(|_| Cut)?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
        let body = answer.bytes().await.map_err(|_| Cut)?;
        if let Some(meter) = &self.wire.meter {
            cost.received = body.len();
            if self.service == Service::Table {
                (cost.units, cost.index_units) = units::of(&body);
            }
            meter(call, cost);
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Without what concerns one connection only.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::EXPECT] {
        headers.remove(name);
    }
    headers
}

/// R2's answer to a second write of a key within a second.
fn too_many_requests(seconds: u64) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/xml".to_owned()), (header::RETRY_AFTER, seconds.to_string())];
    let body = "<Error><Code>TooManyRequests</Code><Message>Reduce your concurrent request rate for the same object.\
                </Message></Error>";
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// How `service` answers when it throttles.
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
