//! SQS, and how much may wait in it.

use std::collections::BTreeMap;

use super::{AwsConfig, ConfigError, Env};
use likeness_domain::lane::Lane;

/// The queues.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// How to reach SQS.
    pub aws: AwsConfig,
    /// The URL of each lane, by the variable that [`Lane::variable`] names.
    pub lanes: BTreeMap<Lane, String>,
    /// `INGEST_QUEUE_URL`: what fal has delivered.
    pub ingest: String,
}

impl QueueConfig {
    /// Reads it: what sends wake-up messages may send to all lanes and to ingest.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let fix = "set it to the URL of the SQS queue";
        let lanes = Lane::ALL.map(|lane| Ok((lane, env.required(lane.variable(), fix)?.to_owned())));
        Ok(Self {
            aws: AwsConfig::from_env(env, "AWS_ENDPOINT_URL_SQS")?,
            lanes: lanes.into_iter().collect::<Result<_, ConfigError>>()?,
            ingest: env.required("INGEST_QUEUE_URL", fix)?.to_owned(),
        })
    }
}

/// `MAX_LANE_BACKLOG`: with so many shots waiting in a lane no further request for it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneBacklog(pub u32);

impl LaneBacklog {
    /// Reads it.
    ///
    /// # Errors
    /// The value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (name, fix) = ("MAX_LANE_BACKLOG", "set it to a whole number, 1 to 100000");
        let shots = env.parsed(name, 1000, fix)?;
        if !(1..=100_000).contains(&shots) {
            return Err(ConfigError::Malformed { name: name.to_owned(), fix: fix.to_owned() });
        }
        Ok(Self(shots))
    }
}
