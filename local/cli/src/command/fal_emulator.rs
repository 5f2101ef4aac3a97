//! `likeness fal-emulator`: the emulator alone.

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Args;
use likeness_domain::clock::Clock;
use tokio::net::TcpListener;

use likeness_fal_emulator::{Emulator, EmulatorOptions};

#[derive(Debug, Args)]
pub(super) struct FalEmulator {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 3005)]
    port: u16,
    /// How long it takes for a picture.
    #[arg(long, default_value_t = 0, value_name = "MILLISECONDS")]
    delay: u64,
    /// How many pictures it makes at once.
    #[arg(long, default_value_t = 10)]
    concurrency: usize,
    /// An accepted key, `id:secret`; may be given several times. Any well-formed one without.
    #[arg(long)]
    key: Vec<String>,
    /// A file in which requests survive; without, they do not.
    #[arg(long)]
    data: Option<PathBuf>,
}

impl FalEmulator {
    pub(super) async fn run(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        let options = EmulatorOptions {
            delay: Duration::from_millis(self.delay),
            concurrency: self.concurrency,
            keys: self.key,
            data: self.data,
            ..EmulatorOptions::default()
        };
        let emulator = Emulator::start(listener, options, Clock::system()).await?;
        println!("  queue     {}", emulator.url());
        println!("  runs      {}", emulator.run_url());
        println!("  keys      {}", emulator.jwks_url());
        println!("  control   {}/_emulator/faults", emulator.url());
        println!("ready {}", emulator.url());
        tokio::signal::ctrl_c().await?;
        emulator.stop().await;
        Ok(())
    }
}
