//! Where things are in the table: the one place that knows how keys are spelled.
//!
//! | what | pk | sk | index |
//! | --- | --- | --- | --- |
//! | project | `PROJECT#p` | `PROJECT` | |
//! | member | `PROJECT#p` | `MEMBER#u` | `listing`: `USER#u#PROJECTS` / p |
//! | subject | `PROJECT#p` | `SUBJECT#s` | |
//! | person | `PROJECT#p` | `PERSON#x` | |
//! | image | `PROJECT#p` | `MEDIA#m` | `listing`, `listing_by_subject`, `listing_by_type`: newest first |
//! | relation | `PROJECT#p` | `EDGE#from#TYPE#to` | `listing`: `PROJECT#p#TO#to` / `TYPE#from` |
//! | tallies, also by prompt template | `PROJECT#p` | `TALLY`, `TALLY#SUBJECT#s` | |
//! | money of a month | `PROJECT#p` | `LEDGER#2026-11` | |
//! | requests of late and money committed of a user | `USER#u` | `METER` | |
//! | the same of an end user | `PROJECT#p` | `METER#END_USER#e` | |
//! | turn counter of a priority | `PROJECT#p` | `TURN#1` | |
//! | collection | `PROJECT#p` | `COLLECTION#c` | `listing`: `PROJECT#p#COLLECTIONS` / c; `listing_by_subject` |
//! | consistency report | `PROJECT#p` | `REPORT#r` | `listing`: `PROJECT#p#REPORTS` / r; `listing_by_subject` |
//! | finished job by what was asked for | `PROJECT#p` | `CACHE#sha256` | |
//! | versions of an image | `PROJECT#p` | `VERSIONS#shot`, of a view `VERSIONS#c#090` | |
//! | idempotency key | `PROJECT#p`, of what is of no project `USER#u` | `IDEMPOTENCY#k` | |
//! | API key, by its first token | `KEY#sha256` | `KEY` | `listing`: `USER#u#KEYS` / key id |
//! | each later token of one, which leads to it | `KEY#sha256` | `KEY` | |
//! | LoRA | `LORA#1` | `LORA` | `listing`: `PROJECT#p#LORAS` / id, `listing_by_subject`: `PROJECT#p#PERSON#x#LORAS` / id |
//! | counter of LoRAs | `LORAS` | `COUNTER` | |
//! | job | `JOB#ulid` | `JOB` | `listing`: `PROJECT#p#JOBS` / job id; `work`: `DUE_JOBS` |
//! | shot | `JOB#ulid` | `SHOT#00000` | `work`: `WAITING` / lane, rank or `DUE` / time |
//! | workflow | `WORKFLOW#w` | `WORKFLOW` | `listing`: `PROJECT#p#WORKFLOWS` / w; `work`: `DUE_WORKFLOWS` |
//! | slot | `ADMISSION` | `SLOT#000` | |
//! | submits of the last minute, turns served | `ADMISSION` | `RATE` | |
//! | last bill of a model that is not by the table | `DRIFTS` | `MODEL#m` | |
//! | stop of the lanes | `ADMISSION` | `STOP` | |

use std::{collections::HashMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, text};
use likeness_domain::{
    id::{CollectionId, JobId, LoraId, MediaId, PersonId, ProjectId, ReportId, ShotId, SubjectId, UserId, WorkflowId},
    lane::Lane,
    limit::EndUser,
};

/// The index of what has to be done.
pub(super) const WORK: &str = "work";
/// The index of lists, newest last.
pub(super) const LISTING: &str = "listing";
/// The same by subject.
pub(super) const LISTING_BY_SUBJECT: &str = "listing_by_subject";
/// The same by type of image.
pub(super) const LISTING_BY_TYPE: &str = "listing_by_type";

/// Partition of the work index: shots that admission may take, by lane and rank.
pub(super) const WAITING: &str = "WAITING";

/// How a lane's sort keys begin there.
pub(super) fn lane(lane: Lane) -> String {
    format!("{}#", lane.name())
}

/// Partition of the work index: shots that the reconciler looks at, by time.
pub(super) const DUE: &str = "DUE";
/// The same for jobs: apart, so that many open jobs never stand before a shot that fal has long finished.
pub(super) const DUE_JOBS: &str = "DUE_JOBS";
/// The same for workflows.
pub(super) const DUE_WORKFLOWS: &str = "DUE_WORKFLOWS";

/// A primary key.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", sayable(&self.pk), self.sk)
    }
}

/// A partition as a log may have it: of the hash of a token no more than tells one from another.
pub(super) fn sayable(pk: &str) -> &str {
    let is_of_a_token = pk.starts_with(API_KEYS);
    if is_of_a_token { pk.get(..API_KEYS.len() + 8).unwrap_or(API_KEYS) } else { pk }
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(super) fn into_item(self) -> Item {
        HashMap::<String, AttributeValue>::from([("pk".to_owned(), text(self.pk)), ("sk".to_owned(), text(self.sk))])
    }
}

pub(super) fn project_partition(project: &ProjectId) -> String {
    format!("PROJECT#{project}")
}

pub(super) fn project(project: &ProjectId) -> Key {
    Key::new(project_partition(project), "PROJECT")
}

pub(super) fn member(project: &ProjectId, user: &UserId) -> Key {
    Key::new(project_partition(project), format!("MEMBER#{user}"))
}

pub(super) fn projects_of(user: &UserId) -> String {
    format!("USER#{user}#PROJECTS")
}

pub(super) fn subject(project: &ProjectId, subject: &SubjectId) -> Key {
    Key::new(project_partition(project), format!("SUBJECT#{subject}"))
}

/// How the sort key of a person begins.
pub(super) const PEOPLE: &str = "PERSON#";

pub(super) fn person(project: &ProjectId, person: &PersonId) -> Key {
    Key::new(project_partition(project), format!("{PEOPLE}{person}"))
}

pub(super) fn lora(lora: LoraId) -> Key {
    Key::new(format!("LORA#{lora}"), "LORA")
}

/// The number given to the last LoRA. Ids are counted over all projects, because one number alone names a LoRA.
pub(super) fn lora_counter() -> Key {
    Key::new("LORAS", "COUNTER")
}

pub(super) fn loras_of_project(project: &ProjectId) -> String {
    format!("PROJECT#{project}#LORAS")
}

pub(super) fn loras_of_person(project: &ProjectId, person: &PersonId) -> String {
    format!("PROJECT#{project}#PERSON#{person}#LORAS")
}

pub(super) fn media(project: &ProjectId, media: &MediaId) -> Key {
    Key::new(project_partition(project), format!("MEDIA#{media}"))
}

pub(super) fn media_of_project(project: &ProjectId) -> String {
    format!("PROJECT#{project}#MEDIA")
}

pub(super) fn media_of_subject(project: &ProjectId, subject: &SubjectId) -> String {
    format!("PROJECT#{project}#MEDIA#SUBJECT#{subject}")
}

pub(super) fn media_of_type(project: &ProjectId, image_type: &str) -> String {
    format!("PROJECT#{project}#MEDIA#TYPE#{image_type}")
}

pub(super) fn edge(project: &ProjectId, from: &str, relation: &str, to: &str) -> Key {
    Key::new(project_partition(project), format!("EDGE#{from}#{relation}#{to}"))
}

/// How the sort keys of all relations of `from` begin.
pub(super) fn edges_from(from: &str) -> String {
    format!("EDGE#{from}#")
}

pub(super) fn edges_to(project: &ProjectId, to: &str) -> String {
    format!("PROJECT#{project}#TO#{to}")
}

pub(super) fn tally(project: &ProjectId) -> Key {
    Key::new(project_partition(project), "TALLY")
}

pub(super) fn tally_of_subject(project: &ProjectId, subject: &SubjectId) -> Key {
    Key::new(project_partition(project), format!("TALLY#SUBJECT#{subject}"))
}

/// The month's money, by the time at which the job was accepted, so that reserving and settling meet in one record.
pub(super) fn ledger(project: &ProjectId, accepted_at: Timestamp) -> Key {
    Key::new(project_partition(project), format!("LEDGER#{}", accepted_at.strftime("%Y-%m")))
}

pub(super) fn meter(user: &UserId) -> Key {
    Key::new(format!("USER#{user}"), "METER")
}

pub(super) fn meter_of_end_user(project: &ProjectId, end_user: &EndUser) -> Key {
    Key::new(project_partition(project), format!("METER#END_USER#{end_user}"))
}

pub(super) fn turn(project: &ProjectId, priority: u8) -> Key {
    Key::new(project_partition(project), format!("TURN#{priority}"))
}

pub(super) fn collection(project: &ProjectId, collection: CollectionId) -> Key {
    Key::new(project_partition(project), format!("COLLECTION#{collection}"))
}

pub(super) fn collections_of(project: &ProjectId) -> String {
    format!("PROJECT#{project}#COLLECTIONS")
}

pub(super) fn collections_of_subject(project: &ProjectId, subject: &SubjectId) -> String {
    format!("PROJECT#{project}#COLLECTIONS#SUBJECT#{subject}")
}

pub(super) fn report(project: &ProjectId, report: ReportId) -> Key {
    Key::new(project_partition(project), format!("REPORT#{report}"))
}

pub(super) fn reports_of(project: &ProjectId) -> String {
    format!("PROJECT#{project}#REPORTS")
}

pub(super) fn reports_of_subject(project: &ProjectId, subject: &SubjectId) -> String {
    format!("PROJECT#{project}#REPORTS#SUBJECT#{subject}")
}

pub(super) fn workflow(workflow: WorkflowId) -> Key {
    Key::new(format!("WORKFLOW#{workflow}"), "WORKFLOW")
}

pub(super) fn workflows_of(project: &ProjectId) -> String {
    format!("PROJECT#{project}#WORKFLOWS")
}

pub(super) fn cache(project: &ProjectId, key: &str) -> Key {
    Key::new(project_partition(project), format!("CACHE#{key}"))
}

pub(super) fn versions(project: &ProjectId, shot: ShotId) -> Key {
    Key::new(project_partition(project), format!("VERSIONS#{shot}"))
}

/// By angle, as several shots of a job may have made the same view.
pub(super) fn versions_of_view(project: &ProjectId, collection: CollectionId, angle: u16) -> Key {
    Key::new(project_partition(project), format!("VERSIONS#{collection}#{angle:03}"))
}

pub(super) fn idempotency_of_user(user: &UserId, key: &str) -> Key {
    Key::new(format!("USER#{user}"), format!("IDEMPOTENCY#{key}"))
}

pub(super) fn idempotency(project: &ProjectId, key: &str) -> Key {
    Key::new(project_partition(project), format!("IDEMPOTENCY#{key}"))
}

/// How the partition of a token begins.
const API_KEYS: &str = "KEY#";

pub(super) fn api_key(token_sha256: &str) -> Key {
    Key::new(format!("{API_KEYS}{token_sha256}"), "KEY")
}

/// The same by its partition.
pub(super) fn api_key_at(pk: String) -> Key {
    Key::new(pk, "KEY")
}

/// The hash of the token that leads to `key`.
pub(super) fn token_sha256(key: &Key) -> &str {
    key.pk.strip_prefix(API_KEYS).unwrap_or_default()
}

pub(super) fn keys_of(user: &UserId) -> String {
    format!("USER#{user}#KEYS")
}

pub(super) fn job_partition(job: JobId) -> String {
    format!("JOB#{job}")
}

pub(super) fn job(job: JobId) -> Key {
    Key::new(job_partition(job), "JOB")
}

pub(super) fn jobs_of(project: &ProjectId) -> String {
    format!("PROJECT#{project}#JOBS")
}

pub(super) fn shot(shot: ShotId) -> Key {
    Key::new(job_partition(shot.job), format!("SHOT#{:05}", shot.ordinal))
}

pub(super) const DRIFTS: &str = "DRIFTS";

pub(super) fn drift(model: &str) -> Key {
    Key::new(DRIFTS, format!("MODEL#{model}"))
}

pub(super) const ADMISSION: &str = "ADMISSION";

pub(super) fn slot(slot: u16) -> Key {
    Key::new(ADMISSION, format!("SLOT#{slot:03}"))
}

pub(super) fn rate() -> Key {
    Key::new(ADMISSION, "RATE")
}

pub(super) fn stop() -> Key {
    Key::new(ADMISSION, "STOP")
}

/// A time as text that sorts as time does.
pub(super) fn sortable(time: Timestamp) -> String {
    format!("{:015}", time.as_millisecond().max(0))
}
