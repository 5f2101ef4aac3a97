//! What the functions call, started: the engines, and the emulator unless another fal is used.

use std::path::Path;

use likeness_domain::clock::Clock;
use likeness_engines::{
    dynamodb::DynamoDb,
    s3::{Keys, S3},
    sqs::Sqs,
};
use likeness_fal_emulator::{Emulator, EmulatorOptions};
use tokio::net::TcpListener;

use crate::{EMULATOR_FILE, StartError, environment, listeners::Listeners};

pub(crate) struct Engines {
    /// The base of the API.
    pub(crate) url: String,
    /// Bound, and served by the functions.
    pub(crate) api: TcpListener,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) s3: S3,
    pub(crate) sqs: Sqs,
    pub(crate) emulator: Option<Emulator>,
}

impl Engines {
    pub(crate) async fn start(
        port: u16,
        data: Option<&Path>,
        fal_is_given: bool,
        fal: EmulatorOptions,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let listeners = Listeners::bind(port, data).await?;
        let url = listeners.url()?;
        let dynamodb = DynamoDb::start(listeners.dynamodb, data).await?;
        let sqs = Sqs::start(listeners.sqs, data, clock.clone()).await?;
        let keys = Keys {
            access_key_id: environment::ACCESS_KEY_ID.to_owned(),
            secret_access_key: environment::SECRET_ACCESS_KEY.to_owned(),
        };
        let s3 = S3::start(listeners.s3, listeners.public, data, keys, clock.clone()).await?;
        let emulator = if fal_is_given {
            None
        } else {
            let file = data.map(|data| data.join(EMULATOR_FILE));
            Some(Emulator::start(listeners.fal, EmulatorOptions { data: file, ..fal }, clock.clone()).await?)
        };
        Ok(Self { url, api: listeners.api, dynamodb, s3, sqs, emulator })
    }
}
