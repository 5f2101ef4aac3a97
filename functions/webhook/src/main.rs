//! The Lambda function `webhook`.

use likeness_core::{config::Env, telemetry};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_webhook::{App, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let env = Env::process();
    telemetry::init(&env);
    let app = App::start(&env, Clock::system(), Rng::from_os())?;
    lambda_http::run(router(app)).await
}
