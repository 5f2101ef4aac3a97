//! The Lambda function `cleanup`.

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use likeness_cleanup::{App, reconcile};
use likeness_core::{config::Env, telemetry};
use likeness_domain::{clock::Clock, rng::Rng};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let env = Env::process();
    telemetry::init(&env);
    let app = Arc::new(App::start(&env, Clock::system(), Rng::from_os())?);
    // What the schedule sends says nothing that matters.
    lambda_runtime::run(service_fn(async |_: LambdaEvent<serde_json::Value>| {
        Ok::<_, lambda_runtime::Error>(reconcile(&app).await?)
    }))
    .await
}
