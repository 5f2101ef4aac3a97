//! The command line.

mod bench;
mod create_key;
mod data;
mod demo;
mod fal_emulator;
mod load;
mod process;
mod serve;
mod soak;

use std::error::Error;

use clap::{Parser, Subcommand};
use likeness_core::{config::Env, telemetry};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Character-consistent image generation. Without a command: `serve`.
#[derive(Debug, Parser)]
#[command(name = "likeness", version)]
pub(crate) struct Likeness {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine and keep its data in a folder.
    Serve(serve::Serve),
    /// Make a character from one sentence, with its turnaround and a scene, and save the pictures to `out/`.
    Demo(demo::Demo),
    /// Start the fal emulator alone, for tests of other programs.
    FalEmulator(fal_emulator::FalEmulator),
    /// Make many jobs while everything goes wrong, and look whether anything was lost or doubled.
    Soak(soak::Soak),
    /// Make jobs as fast as they go, and tell what each took: time, calls, units, money.
    Bench(bench::Bench),
    /// Record an API key in the table that `TABLE_NAME` and the `AWS_*` variables name.
    CreateKey(create_key::CreateKey),
}

/// `filter` without what must never be in a log, and without what is nothing wrong.
///
/// `s3s` writes the addresses that it is asked for into its debug lines, and a signed address is a key. `dynoxide` warns of
/// every answer that is an error, and a conditional write that lost to another is one: it is heard if `asked` names it.
fn quiet(filter: Targets, asked: &str) -> Targets {
    let filter = filter.with_target("s3s", LevelFilter::INFO);
    if asked.contains("dynoxide") { filter } else { filter.with_target("dynoxide", LevelFilter::ERROR) }
}

impl Likeness {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever stopped it, in words for people.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let env = Env::process();
        // Standard output is for answers, so logs go to standard error.
        let lines = fmt::layer().compact().with_writer(std::io::stderr);
        let filter = quiet(telemetry::filter(&env, "warn"), env.optional("RUST_LOG").unwrap_or_default());
        let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
        match self.command {
            None => self.serve.run(&env).await,
            Some(Command::Serve(serve)) => serve.run(&env).await,
            Some(Command::Demo(demo)) => demo.run(&env).await,
            Some(Command::FalEmulator(emulator)) => emulator.run().await,
            Some(Command::Soak(soak)) => soak.run().await,
            Some(Command::Bench(bench)) => bench.run().await,
            Some(Command::CreateKey(create)) => create.run(&env).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_conditions_are_silent_and_signed_addresses_always_are() {
        let enabled = |asked: &str, target: &str, level: LevelFilter| {
            let filter = quiet(asked.parse().unwrap(), asked);
            filter.would_enable(target, &level.into_level().unwrap())
        };
        for asked in ["warn", "info", "debug", "trace"] {
            assert!(!enabled(asked, "dynoxide::server", LevelFilter::WARN), "{asked}");
            assert!(enabled(asked, "dynoxide::server", LevelFilter::ERROR), "{asked}");
            assert!(!enabled(asked, "s3s::service", LevelFilter::DEBUG), "{asked}");
            assert!(enabled(asked, "likeness_core::queue", LevelFilter::WARN), "{asked}");
        }
        assert!(enabled("warn,dynoxide=debug", "dynoxide::server", LevelFilter::DEBUG));
        assert!(!enabled("s3s=trace", "s3s::service", LevelFilter::DEBUG), "not even if it is asked for");
    }
}
