//! What this function may touch.

use likeness_core::{
    clients::bucket::Bucket,
    config::{BucketConfig, ConfigError, Env, FalConfig, FalLimits, Patience},
    fal::Fal,
    start::StartError,
    steps::record_result::Recorder,
};
use likeness_domain::{admission::Limits, clock::Clock, rng::Rng};
use url::Url;

use crate::submit::shortest_address;

/// What this function may touch.
#[derive(Debug)]
pub struct App {
    pub(crate) recorder: Recorder,
    pub(crate) fal: Fal,
    /// Where fal finds the images that a request refers to.
    pub(crate) bucket: Bucket,
    pub(crate) limits: Limits,
    /// Where fal calls back.
    pub(crate) webhook: Url,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed, or fal gets more time than the addresses last that it is sent.
    pub fn start(env: &Env, clock: Clock, rng: Rng) -> Result<Self, StartError> {
        let fal = FalConfig::from_env(env)?;
        check(fal.patience)?;
        let mut webhook = env.url("PUBLIC_URL", None)?;
        webhook.set_path(&format!("{}/api/webhooks/fal", webhook.path().trim_end_matches('/')));
        Ok(Self {
            recorder: Recorder::from_env(env, rng)?,
            fal: Fal::new(fal)?,
            bucket: Bucket::new(BucketConfig::from_env(env)?),
            limits: FalLimits::from_env(env)?.0,
            webhook,
            clock,
        })
    }
}

/// A request that starts late must still find the files that it goes by.
fn check(patience: Patience) -> Result<(), ConfigError> {
    let most = shortest_address();
    if patience.start + patience.generation <= most {
        return Ok(());
    }
    let fix = format!(
        "set it so that it is at most {} together with FAL_GENERATION_TIMEOUT_SECONDS: for as long fal can read a LoRA",
        most.as_secs()
    );
    Err(ConfigError::Malformed { name: "FAL_START_TIMEOUT_SECONDS".to_owned(), fix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fal_gets_no_more_time_than_the_shortest_address_lasts() {
        let env = |start: u32, generation: u32| -> Env {
            let aws = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TABLE_NAME", "INGEST_QUEUE_URL"];
            let lanes = ["MASTER", "PROFILE", "COMPOSITE", "PORTRAIT"].map(|lane| format!("{lane}_QUEUE_URL"));
            let r2 = ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_BUCKET_NAME"];
            let any = aws.into_iter().chain(r2).map(str::to_owned).chain(lanes).map(|name| (name, "x".to_owned()));
            let set = [
                ("R2_ENDPOINT", "https://r2.example.com".to_owned()),
                ("PUBLIC_URL", "https://likeness.example.com".to_owned()),
                ("FAL_KEY", "id:secret".to_owned()),
                ("FAL_START_TIMEOUT_SECONDS", start.to_string()),
                ("FAL_GENERATION_TIMEOUT_SECONDS", generation.to_string()),
            ];
            any.chain(set.map(|(name, value)| (name.to_owned(), value))).collect()
        };
        let start = |env: Env| App::start(&env, Clock::system(), Rng::seeded(1)).map(drop);
        start(env(540, 60)).unwrap();
        let error = start(env(540, 61)).unwrap_err().to_string();
        assert_eq!(
            error,
            "FAL_START_TIMEOUT_SECONDS is malformed: set it so that it is at most 600 together with \
             FAL_GENERATION_TIMEOUT_SECONDS: for as long fal can read a LoRA"
        );
    }
}
