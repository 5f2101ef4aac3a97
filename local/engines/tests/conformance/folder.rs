//! A data folder that is damaged, half, or mixed is refused with the file's name and a remedy.

use std::{fs, path::Path};

use likeness_domain::rng::Rng;
use likeness_engines::{EngineError, dynamodb::DynamoDb, folder, s3::S3, sqs::Sqs};
use tempfile::TempDir;

use crate::clients::{self, ManualClock};

const FILES: [&str; 3] = ["dynamodb.sqlite", "s3.sqlite", "sqs.sqlite"];

fn check(folder: &Path) -> Result<(), EngineError> {
    folder::check(folder, &["fal.sqlite"], &Rng::from_os())
}

/// A folder that all three engines have worked on.
async fn used() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    check(data.path()).unwrap();
    let (clock, listener) = (ManualClock::at_noon().clock(), clients::listener);
    let keys = likeness_engines::s3::Keys { access_key_id: "a".to_owned(), secret_access_key: "b".to_owned() };
    let path = Some(data.path());
    let dynamodb = DynamoDb::start(listener().await, path).await.unwrap();
    let sqs = Sqs::start(listener().await, path, clock.clone()).await.unwrap();
    let s3 = S3::start(listener().await, listener().await, path, keys, clock).await.unwrap();
    tokio::join!(dynamodb.stop(), sqs.stop(), s3.stop());
    check(data.path()).unwrap();
    data
}

/// The refusal of `folder` names `file` and says what to do.
fn refused(folder: &Path, file: &str) -> EngineError {
    let error = check(folder).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&folder.join(file).display().to_string()), "{text}");
    assert!(["start with a new one", "choose another"].iter().any(|remedy| text.contains(remedy)), "{text}");
    error
}

#[tokio::test]
async fn a_database_that_was_emptied_or_removed_is_not_started_anew() {
    for file in FILES {
        let data = used().await;
        let path = data.path().join(file);
        fs::write(&path, b"").unwrap();
        assert!(matches!(refused(data.path(), file), EngineError::Incomplete { .. }));
        fs::remove_file(&path).unwrap();
        assert!(matches!(refused(data.path(), file), EngineError::Incomplete { .. }));
        assert!(!path.exists(), "nothing is made in its place");
    }
}

#[tokio::test]
async fn a_folder_from_before_there_were_markers_is_adopted_if_it_is_whole() {
    let data = used().await;
    fs::remove_file(data.path().join("folder.json")).unwrap();
    for file in FILES.into_iter().chain(["fal.sqlite"]) {
        let connection = rusqlite::Connection::open(data.path().join(file)).unwrap();
        connection.execute_batch("DROP TABLE likeness_folder").unwrap();
    }
    check(data.path()).unwrap();
    fs::remove_file(data.path().join("folder.json")).unwrap();
    refused(data.path(), FILES[0]);
}

#[tokio::test]
async fn the_emulators_database_may_be_missing_and_may_not_be_emptied() {
    let data = used().await;
    let path = data.path().join("fal.sqlite");
    fs::write(&path, b"").unwrap();
    refused(data.path(), "fal.sqlite");
    fs::remove_file(&path).unwrap();
    check(data.path()).unwrap();
}

#[tokio::test]
async fn a_file_of_another_folder_is_refused() {
    let (mine, yours) = (used().await, used().await);
    fs::copy(yours.path().join("s3.sqlite"), mine.path().join("s3.sqlite")).unwrap();
    assert!(matches!(refused(mine.path(), "s3.sqlite"), EngineError::Foreign { .. }));
}

#[tokio::test]
async fn a_damaged_database_is_noticed_before_it_is_used() {
    let data = used().await;
    let path = data.path().join("dynamodb.sqlite");
    let whole = fs::read(&path).unwrap();
    // No database at all; a header that is none; a page in the middle.
    let mut header = whole.clone();
    header[..16].fill(b'x');
    let mut page = whole.clone();
    let at = (whole.len() / 2).next_multiple_of(4096);
    page[at..at + 4096].fill(0x5a);
    for bytes in [b"not a database, but long enough to be taken for one".repeat(100), header, page] {
        fs::write(&path, bytes).unwrap();
        let error = refused(data.path(), "dynamodb.sqlite");
        assert!(matches!(error, EngineError::Damaged { .. }), "{error}");
        assert!(!error.to_string().contains("encryption"));
    }
    fs::write(&path, whole).unwrap();
    check(data.path()).unwrap();
}

#[tokio::test]
async fn a_start_that_was_killed_while_it_made_the_folder_is_finished() {
    let data = tempfile::tempdir().unwrap();
    check(data.path()).unwrap();
    let marker = data.path().join("folder.json");
    let unfinished = fs::read_to_string(&marker).unwrap().replace("true", "false");
    fs::write(&marker, unfinished).unwrap();
    fs::remove_file(data.path().join("sqs.sqlite")).unwrap();
    check(data.path()).unwrap();
    for file in FILES {
        assert!(fs::metadata(data.path().join(file)).unwrap().len() > 0);
    }
}

#[test]
fn a_path_that_is_no_folder_is_named() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("file");
    fs::write(&path, b"in the way").unwrap();
    let error = check(&path).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    let folder = data.path().join("folder");
    fs::create_dir_all(folder.join("s3.sqlite")).unwrap();
    let error = check(&folder).unwrap_err();
    assert!(error.to_string().contains("s3.sqlite"), "{error}");
}
