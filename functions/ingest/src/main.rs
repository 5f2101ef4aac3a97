//! The Lambda function `ingest`.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use likeness_core::{config::Env, telemetry};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_ingest::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let env = Env::process();
    telemetry::init(&env);
    let app = Arc::new(App::start(&env, Clock::system(), Rng::from_os())?);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, lambda_runtime::Error>(handle(&app, event.payload).await)
    }))
    .await
}
