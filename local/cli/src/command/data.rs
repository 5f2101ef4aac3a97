//! The data folder of a stack on this machine: its lock, its first project and key.

use std::{
    error::Error,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use likeness_api::new_token;
use likeness_core::config::Env;
use likeness_domain::rng::Rng;
use likeness_fal_emulator::{EmulatorOptions, time_to_draw};
use likeness_stack::{Stack, StackOptions, Tenant, fal_is_given};

/// The project and user that are there from the first start.
pub(super) const DEMO: &str = "demo";

/// What of this process's environment reaches the functions.
const PASSED_ON: [&str; 9] = ["FAL_", "R2_", "IMAGE_", "PROFILE_", "PROMPT_", "MAX_", "JWT_", "PUBLIC_URL", "RUST_LOG"];

/// A file or folder that cannot be used, with the path and what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {fix}", path.display())]
pub(super) struct DataError {
    what: &'static str,
    path: PathBuf,
    fix: &'static str,
    #[source]
    source: io::Error,
}

const CHOOSE: &str = "mend its permissions, or choose another folder with --data";

fn failed(what: &'static str, path: &Path, fix: &'static str) -> impl FnOnce(io::Error) -> DataError {
    move |source| DataError { what, path: path.to_owned(), fix, source }
}

/// A folder that this process alone uses.
pub(super) struct Data {
    pub(super) folder: PathBuf,
    /// Freed by the operating system, also when this process is killed.
    _lock: File,
}

impl Data {
    /// Takes the folder, or `None` where another process has it.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, DataError> {
        fs::create_dir_all(folder).map_err(failed("make the data folder", folder, CHOOSE))?;
        let path = folder.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(failed("write", &path, CHOOSE))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed("lock", &path, CHOOSE)(error)),
        }
    }

    /// Starts the stack on this folder, with its demo project and key.
    pub(super) async fn start(
        &self,
        env: &Env,
        port: u16,
        delay: Duration,
    ) -> Result<(Stack, String), Box<dyn Error + Send + Sync>> {
        let rng = Rng::from_os();
        let token = self.token(env, &rng)?;
        let given: Vec<_> = env.iter().filter(|(name, _)| is_passed_on(name)).collect();
        // How soon a real fal answers has nothing to do with this machine.
        let mut environment = if fal_is_given(&given) { Vec::new() } else { patience(time_to_draw(), delay) };
        environment.extend(given);
        let stack = Stack::start(StackOptions {
            port,
            data: Some(self.folder.clone()),
            environment,
            fal: EmulatorOptions { delay, ..EmulatorOptions::default() },
            reconcile_every: Some(Duration::from_secs(2)),
            rng: rng.clone(),
            tenant: Some(Tenant { name: DEMO.to_owned(), token: token.clone() }),
            ..StackOptions::default()
        })
        .await?;
        let file = self.folder.join("url");
        fs::write(&file, stack.url()).map_err(failed("write", &file, CHOOSE))?;
        Ok((stack, token))
    }

    /// `LIKENESS_API_KEY`, or the key of the first start.
    fn token(&self, env: &Env, rng: &Rng) -> Result<String, DataError> {
        let file = self.folder.join("api-key");
        let token = match (env.optional("LIKENESS_API_KEY"), fs::read_to_string(&file)) {
            (Some(given), _) => given.to_owned(),
            (None, Ok(kept)) => return Ok(kept),
            (None, Err(error)) if error.kind() == io::ErrorKind::NotFound => new_token(rng),
            (None, Err(error)) => return Err(failed("read", &file, CHOOSE)(error)),
        };
        write_secret(&file, &token).map_err(failed("write", &file, CHOOSE))?;
        Ok(token)
    }
}

/// How long the functions wait for the emulator, whose pictures take this machine's processor. Never less than half a
/// minute, as what keeps the machine busy may begin after the start; more where it is slow or busy already.
fn patience(drawing: Duration, delay: Duration) -> Vec<(String, String)> {
    let seconds = LEAST_PATIENCE + (drawing * PICTURES_AHEAD).as_secs();
    [
        ("FAL_START_TIMEOUT_SECONDS", seconds),
        ("FAL_GENERATION_TIMEOUT_SECONDS", seconds + delay.as_secs()),
        // To ask costs little, and finds what was lost early.
        ("FAL_CHECK_AFTER_SECONDS", 5 + delay.as_secs()),
    ]
    .map(|(name, seconds)| (name.to_owned(), seconds.to_string()))
    .into()
}

/// In seconds.
const LEAST_PATIENCE: u64 = 30;
/// So many pictures may have to be drawn before one is.
const PICTURES_AHEAD: u32 = 40;

/// The address and key of a stack that another process runs on `folder`.
pub(super) fn running(folder: &Path) -> Result<(String, String), DataError> {
    const WAIT: &str = "another process has just begun to use this folder; wait until it is ready";
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(failed("read", &path, WAIT))
    };
    Ok((read("url")?, read("api-key")?))
}

/// Whole or not at all, and readable by this user alone.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_follows_the_machine() {
        let start = |drawing| {
            let variables = patience(Duration::from_millis(drawing), Duration::from_secs(2));
            let value =
                |name: &str| variables.iter().find(|(found, _)| found == name).unwrap().1.parse::<u64>().unwrap();
            assert_eq!(value("FAL_GENERATION_TIMEOUT_SECONDS"), value("FAL_START_TIMEOUT_SECONDS") + 2);
            value("FAL_START_TIMEOUT_SECONDS")
        };
        assert_eq!([start(0), start(100), start(5_000)], [30, 34, 230]);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = Data::take(&path).err().unwrap().to_string();
            assert!(error.contains(&path.display().to_string()) && error.contains("--data"), "{error}");
        }
    }
}
