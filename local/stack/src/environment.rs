//! What the functions are started with: the same names that `template.yaml` sets on AWS.

use std::{io, time::Duration};

use likeness_core::config::Env;

use super::{engines::Engines, resources};
use crate::{
    triggers::invocations::Invocations,
    wire::{Proxy, Service, Wire},
};

pub(super) const ACCESS_KEY_ID: &str = "local";
pub(super) const SECRET_ACCESS_KEY: &str = "local-secret";

/// The variables of a stack; `given` ones win. `delay` is how long the emulator takes for a picture.
pub(super) fn of(engines: &Engines, delay: Duration, given: Vec<(String, String)>) -> Env {
    let Engines { url, dynamodb, sqs, s3, emulator, .. } = engines;
    let mut variables = vec![
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.endpoint()),
        ("AWS_ENDPOINT_URL_SQS", sqs.endpoint()),
        ("TABLE_NAME", resources::TABLE.to_owned()),
        ("PUBLIC_URL", url.clone()),
    ];
    let queue = |name: String| format!("{}/000000000000/{name}", sqs.endpoint());
    variables.extend(resources::queues().map(|(variable, name)| (variable, queue(name))));
    if !given.iter().any(|(name, _)| name == "R2_ENDPOINT") {
        variables.extend([
            ("R2_ENDPOINT", s3.endpoint()),
            ("R2_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("R2_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("R2_BUCKET_NAME", resources::BUCKET.to_owned()),
            ("R2_PUBLIC_DOMAIN", s3.public_url()),
        ]);
    }
    match emulator {
        Some(emulator) => variables.extend([
            ("FAL_KEY", "local:emulator".to_owned()),
            ("FAL_QUEUE_URL", emulator.url()),
            ("FAL_JWKS_URL", emulator.jwks_url()),
            ("FAL_WEBHOOK_USER_ID", emulator.user_id().to_owned()),
            // The emulator is quick: whatever it has not answered within seconds it was never asked.
            ("FAL_START_TIMEOUT_SECONDS", "5".to_owned()),
            ("FAL_GENERATION_TIMEOUT_SECONDS", (5 + delay.as_secs()).to_string()),
            ("FAL_CHECK_AFTER_SECONDS", "5".to_owned()),
            // It bills by the table that its callbacks are charged by.
            ("FAL_BILL_SAMPLE_PERCENT", "0".to_owned()),
        ]),
        // No callback reaches a loopback address, so fal is asked soon.
        None if !given.iter().any(|(name, _)| name == "PUBLIC_URL") => {
            variables.push(("FAL_CHECK_AFTER_SECONDS", "3".to_owned()));
        }
        None => {}
    }
    let ours = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    ours.chain(given).collect()
}

/// The same for functions whose calls go over `wire`; it lasts as long as the proxies of it that are returned.
pub(super) async fn over(wire: &Wire, env: &Env, invocations: &Invocations) -> Result<(Env, Vec<Proxy>), io::Error> {
    let (mut proxies, mut variables) = (Vec::new(), Vec::new());
    for (service, variable) in [
        (Service::Table, "AWS_ENDPOINT_URL_DYNAMODB"),
        (Service::Queues, "AWS_ENDPOINT_URL_SQS"),
        (Service::Bucket, "R2_ENDPOINT"),
        (Service::Fal, "FAL_QUEUE_URL"),
    ] {
        let Some(to) = env.optional(variable) else { continue };
        let proxy = Proxy::start(service, to.to_owned(), wire.clone(), invocations.clone()).await?;
        variables.push((variable.to_owned(), proxy.url().to_owned()));
        proxies.push(proxy);
    }
    Ok((env.iter().chain(variables).collect(), proxies))
}
