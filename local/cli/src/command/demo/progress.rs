//! How far a stage is: a bar for a person, a line for each change where output goes to a file or a program.

use std::{
    io::{IsTerminal, stdout},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, style::TemplateError};

pub(super) enum Progress {
    Bar(ProgressBar),
    Lines { stage: &'static str, last: Option<(usize, usize)> },
}

impl Progress {
    pub(super) fn new(stage: &'static str) -> Result<Self, TemplateError> {
        if !stdout().is_terminal() {
            return Ok(Self::Lines { stage, last: None });
        }
        let style = ProgressStyle::with_template("{prefix:11} {bar:36} {pos:>2}/{len:2} {elapsed:>4} {msg}")?;
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stdout());
        let bar = bar.with_style(style).with_prefix(stage);
        bar.enable_steady_tick(Duration::from_millis(250));
        Ok(Self::Bar(bar))
    }

    /// `done` pictures of `all` are there.
    pub(super) fn show(&mut self, done: usize, all: usize, status: &str) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
                bar.set_message(status.to_owned());
            }
            Self::Lines { stage, last } => {
                if last.replace((done, all)) != Some((done, all)) {
                    println!("{stage:11} {done:>2}/{all}");
                }
            }
        }
    }

    /// The bar stays as it stands.
    pub(super) fn end(self) {
        match self {
            Self::Bar(bar) => bar.abandon(),
            Self::Lines { .. } => {}
        }
    }
}
