//! `likeness serve`: everything on this machine.

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Args;
use likeness_core::config::Env;

use super::data::{DEMO, Data};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The port of the API; 0 takes the one that the data folder had, or a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where everything is kept.
    #[arg(long, default_value = ".likeness")]
    data: PathBuf,
    /// How long the emulator takes for a picture.
    #[arg(long, default_value_t = 1500, value_name = "MILLISECONDS")]
    fal_delay: u64,
}

impl Serve {
    pub(super) async fn run(self, env: &Env) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(data) = Data::take(&self.data)? else {
            return Err(format!("{} is in use by another likeness; choose another --data", self.data.display()).into());
        };
        let (stack, token) = data.start(env, self.port, Duration::from_millis(self.fal_delay)).await?;
        let variable = |name| stack.env().optional(name).unwrap_or_default();
        println!("likeness {}", env!("CARGO_PKG_VERSION"));
        println!("  api       {}", stack.url());
        println!("  project   {DEMO}");
        println!("  key       {token}");
        let fal = match stack.emulator() {
            Some(emulator) => format!("{} (emulator: no FAL_KEY is set)", emulator.url()),
            None => stack.env().optional("FAL_QUEUE_URL").unwrap_or("https://queue.fal.run").to_owned(),
        };
        println!("  fal       {fal}");
        println!("  images    {}", variable("R2_PUBLIC_DOMAIN"));
        println!("  dynamodb  {}", variable("AWS_ENDPOINT_URL_DYNAMODB"));
        println!("  sqs       {}", variable("AWS_ENDPOINT_URL_SQS"));
        println!("  s3        {}", variable("R2_ENDPOINT"));
        println!("  data      {}", self.data.display());
        println!("ready {}", stack.url());
        tokio::signal::ctrl_c().await?;
        stack.stop().await;
        Ok(())
    }
}
