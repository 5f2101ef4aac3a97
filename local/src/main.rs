//! The command `likeness`.

use std::process::ExitCode;

use clap::Parser;
use likeness_local::command::Likeness;

#[tokio::main]
async fn main() -> ExitCode {
    match Likeness::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("likeness: {error}");
            ExitCode::FAILURE
        }
    }
}
