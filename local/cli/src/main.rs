//! The command `likeness`.

mod command;
mod contact_sheet;

use std::{iter::successors, process::ExitCode};

use clap::Parser;

use crate::command::Likeness;

#[tokio::main]
async fn main() -> ExitCode {
    match Likeness::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = successors(error.source(), |cause| cause.source()).map(|cause| format!(": {cause}"));
            eprintln!("likeness: {error}{}", causes.collect::<String>());
            ExitCode::FAILURE
        }
    }
}
