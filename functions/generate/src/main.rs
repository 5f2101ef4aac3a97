//! The Lambda function `generate`.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use likeness_core::{config::Env, telemetry};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_generate::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let env = Env::process();
    telemetry::init(&env);
    let app = Arc::new(App::start(&env, Clock::system(), Rng::from_os())?);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        // On the heap: with what the runtime wraps around it, it is deeper than the compiler lays out.
        Ok::<_, lambda_runtime::Error>(Box::pin(handle(&app, event.payload)).await)
    }))
    .await
}
