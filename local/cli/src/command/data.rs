//! The data folder of a stack on this machine: its lock, its first project and key.

use std::{
    error::Error,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use likeness_api::new_token;
use likeness_core::{clock::Clock, config::Env, entropy::Entropy};
use likeness_fal_emulator::EmulatorOptions;
use likeness_stack::{Stack, StackOptions};

/// The project and user that are there from the first start.
pub(super) const DEMO: &str = "demo";

/// What of this process's environment reaches the functions.
const PASSED_ON: [&str; 8] = ["FAL_", "R2_", "IMAGE_", "PROFILE_", "PROMPT_", "MAX_", "PUBLIC_URL", "RUST_LOG"];

/// A folder that this process alone uses.
pub(super) struct Data {
    pub(super) folder: PathBuf,
    /// Freed by the operating system, also when this process is killed.
    _lock: File,
}

impl Data {
    /// Takes the folder, or `None` where another process has it.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, io::Error> {
        fs::create_dir_all(folder)?;
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Starts the stack on this folder, with its demo project and key.
    pub(super) async fn start(
        &self,
        env: &Env,
        port: u16,
        delay: Duration,
    ) -> Result<(Stack, String), Box<dyn Error + Send + Sync>> {
        let entropy = Entropy::from_os();
        let stack = Stack::start(StackOptions {
            port,
            data: Some(self.folder.clone()),
            environment: env.iter().filter(|(name, _)| is_passed_on(name)).collect(),
            fal: EmulatorOptions { delay, ..EmulatorOptions::default() },
            sweep_every: Some(Duration::from_secs(2)),
            entropy: entropy.clone(),
            ..StackOptions::default()
        })
        .await?;
        let token = self.token(env, &entropy)?;
        stack.create_tenant(DEMO, &token, Clock::system().now()).await?;
        fs::write(self.folder.join("url"), stack.url())?;
        Ok((stack, token))
    }

    /// `LIKENESS_API_KEY`, or the key of the first start.
    fn token(&self, env: &Env, entropy: &Entropy) -> Result<String, io::Error> {
        let file = self.folder.join("api-key");
        let token = match (env.optional("LIKENESS_API_KEY"), fs::read_to_string(&file)) {
            (Some(given), _) => given.to_owned(),
            (None, Ok(kept)) => return Ok(kept),
            (None, Err(_)) => new_token(entropy),
        };
        write_secret(&file, &token)?;
        Ok(token)
    }
}

/// The address and key of a stack that another process runs on `folder`.
pub(super) fn running(folder: &Path) -> Result<(String, String), io::Error> {
    Ok((fs::read_to_string(folder.join("url"))?, fs::read_to_string(folder.join("api-key"))?))
}

/// Whole or not at all, and for nobody else to read.
fn write_secret(file: &Path, secret: &str) -> Result<(), io::Error> {
    let draft = file.with_extension("draft");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&draft)?.write_all(secret.as_bytes())?;
    fs::rename(draft, file)
}

fn is_passed_on(name: &str) -> bool {
    PASSED_ON.iter().any(|prefix| name.starts_with(prefix))
}
