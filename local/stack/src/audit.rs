//! Whether everything came to a good end: the invariants of `ARCHITECTURE.md`, read off the table, the bucket, the
//! queues and the emulator's ledger. Any engine fault, kill or loss may come before it; nothing of it may show.

mod finding;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::Object;
use likeness_core::{
    config::StoreConfig,
    store::{ImageFilter, JobView, Store},
};
use likeness_domain::{
    id::{ProjectId, ShotId},
    job::Job,
    money::Usd,
    rng::Rng,
    shot::{Attempt, AttemptOutcome, Shot},
};
use likeness_fal_emulator::{Emulator, LedgerEntry, LedgerOutcome};

pub use self::finding::{Audit, Unseen, Violation};
use crate::{Stack, dynamodb_client, s3_client};

/// Looks at everything in `stack`, which has settled.
///
/// # Errors
/// An engine cannot be read.
pub async fn audit(stack: &Stack) -> Result<Audit, Box<dyn Error + Send + Sync>> {
    let keys = keys(stack).await?;
    let store = Store::new(StoreConfig::from_env(stack.env())?, Rng::from_os());
    let mut jobs = Vec::new();
    for id in keys.iter().filter(|(_, sk)| sk == "JOB").filter_map(|(pk, _)| pk.strip_prefix("JOB#")) {
        jobs.extend(store.job(id.parse()?).await?);
    }
    let requests = stack.emulator().map(Emulator::ledger).unwrap_or_default();
    let mut audit = Audit { jobs: jobs.len(), requests: requests.len(), ..Audit::default() };
    for job in &jobs {
        audit.look_at_job(job);
    }
    let held = store.admission_state().await?.held;
    audit.violations.extend(held.into_iter().map(|held| Violation::SlotHeld(held.shot)));
    audit.look_at_images(stack, &store, &keys, &jobs).await?;
    audit.look_at_requests(&requests, &jobs);
    audit.look_at_money(&store, &jobs).await?;
    for (queue, depth) in stack.depths().await {
        match depth.visible + depth.in_flight + depth.delayed {
            0 => {}
            given_up if queue.ends_with("-dead-letters") => audit.dead_letters += given_up,
            left => audit.violations.push(Violation::LeftInQueue(queue, left)),
        }
    }
    let violations = stack.emulator().map(Emulator::violations).unwrap_or_default();
    audit.violations.extend(violations.iter().map(|found| Violation::AgainstFalsRules(format!("{found:?}"))));
    Ok(audit)
}

impl Audit {
    fn look_at_job(&mut self, view: &JobView) {
        let (job, shots) = (&view.job.value, view.plain_shots());
        let Some(ending) = job.ending() else {
            self.violations.push(Violation::Hanging(job.id, waits_for(job, &shots)));
            return;
        };
        let unsettled = shots.iter().filter(|shot| !shot.is_settled());
        self.violations.extend(unsettled.map(|shot| Violation::Unsettled(shot.id)));
        if ending.cost != shots.iter().map(Shot::charge).sum::<Option<Usd>>() {
            self.violations.push(Violation::WrongCost(job.id));
        }
        let attempts = shots.iter().flat_map(|shot| &shot.attempts);
        self.paid_twice += attempts.filter(|attempt| attempt.paid_twice).count();
    }

    /// Every image of a shot has one record, every record its objects, and every object a record.
    async fn look_at_images(
        &mut self,
        stack: &Stack,
        store: &Store,
        keys: &[(String, String)],
        jobs: &[JobView],
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut objects: BTreeSet<String> = objects(stack).await?.into_iter().collect();
        self.objects = objects.len();
        let mut records = BTreeSet::new();
        for (pk, sk) in keys {
            if let (Some(_), Some(media)) = (pk.strip_prefix("PROJECT#"), sk.strip_prefix("MEDIA#")) {
                records.insert(media.to_owned());
            }
        }
        self.images = records.len();
        let mut counted = BTreeMap::<&ProjectId, u64>::new();
        for view in jobs {
            let project = &view.job.value.project;
            if let Some(report) = view.job.value.report
                && let Some(sheet) = store.report(project, report).await?.and_then(|report| report.sheet)
                && !objects.remove(&sheet)
            {
                self.violations.push(Violation::NoObject(sheet));
            }
            let counted = counted.entry(project).or_default();
            for media in view.shots.iter().flat_map(|shot| shot.value.media()) {
                records.remove(&media.to_string());
                let Some(media) = store.media(project, media).await? else {
                    self.violations.push(Violation::NoRecord(media.clone()));
                    continue;
                };
                *counted += 1;
                for file in [media.original, media.webp, media.thumbnail] {
                    if !objects.remove(&file.key) {
                        self.violations.push(Violation::NoObject(file.key));
                    }
                }
            }
        }
        self.violations.extend(records.into_iter().map(Violation::NoShot));
        // Uploads of callers and LoRA files are named by no image.
        let made = objects.into_iter().filter(|key| !key.contains("/uploads/") && !key.starts_with("loras/"));
        self.violations.extend(made.map(Violation::Orphan));
        for (project, images) in counted {
            let tally = store.count_images(project, &ImageFilter::default()).await?;
            if tally != images {
                let what = format!("{project} counts {tally} images and has {images}");
                self.violations.push(Violation::WrongTally(what));
            }
        }
        Ok(())
    }

    /// One request for an attempt, and what fal billed is known.
    fn look_at_requests(&mut self, requests: &[LedgerEntry], jobs: &[JobView]) {
        let shots: BTreeMap<ShotId, &Shot> =
            jobs.iter().flat_map(|view| &view.shots).map(|shot| (shot.value.id, &shot.value)).collect();
        let mut seen = BTreeSet::new();
        for request in requests {
            let Some((id, number)) = asked_by(request) else { continue };
            if !seen.insert((id, number)) {
                self.violations.push(Violation::SentTwice(id, number));
            }
            let attempt = shots.get(&id).and_then(|shot| shot.attempts.iter().find(|tried| tried.number == number));
            if request.outcome != LedgerOutcome::Succeeded || attempt.is_some_and(accounts) {
                continue;
            }
            let unseen = Unseen {
                attempt: (id, number),
                request: request.request_id.clone(),
                pictures: request.pictures.clone(),
            };
            let heard_of = request.webhook_deliveries.contains(&200);
            if !heard_of && attempt.is_some_and(|attempt| attempt.request_id.is_none()) {
                self.undecidable.push(unseen);
            } else {
                self.violations.push(Violation::NotAccounted(unseen));
            }
        }
    }

    async fn look_at_money(&mut self, store: &Store, jobs: &[JobView]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut months = BTreeMap::<(&ProjectId, String), Vec<&Job>>::new();
        for JobView { job, .. } in jobs {
            let month = job.value.money_at().strftime("%Y-%m").to_string();
            months.entry((&job.value.project, month)).or_default().push(&job.value);
        }
        for ((project, month), jobs) in months {
            let Some(first) = jobs.first() else { continue };
            let ledger = store.ledger(project, first.money_at()).await?;
            let charged: Usd = jobs.iter().filter_map(|job| job.ending()?.cost).sum();
            let count = jobs.len() as u64;
            if (ledger.reserved, ledger.settled, ledger.committed, ledger.jobs) != (Usd::ZERO, charged, charged, count)
            {
                let what = format!("{project} has {ledger:?} for {month}; its {count} jobs cost {charged:?}");
                self.violations.push(Violation::WrongLedger(what));
            }
        }
        Ok(())
    }
}

/// What an open job waits for: the state of each shot that is not settled, and when it is looked at next.
fn waits_for(job: &Job, shots: &[Shot]) -> String {
    let open = shots.iter().filter(|shot| !shot.is_settled()).map(|shot| {
        let look = shot.look_at.map_or_else(String::new, |at| format!(", due {at}"));
        format!("shot {} {:?} in attempt {}{look}", shot.id, shot.state, shot.attempt())
    });
    let open: Vec<String> = open.collect();
    if open.is_empty() {
        return format!("its end; all {} shots are settled, accepted {}", shots.len(), job.created_at);
    }
    open.join("; ")
}

/// Whether a picture that fal billed for this attempt is seen in its record.
fn accounts(attempt: &Attempt) -> bool {
    let brought = matches!(attempt.outcome, AttemptOutcome::Delivered | AttemptOutcome::Unusable(_));
    brought || attempt.paid_twice
}

/// The shot and attempt in the address that fal was told to call.
fn asked_by(request: &LedgerEntry) -> Option<(ShotId, u32)> {
    let url: url::Url = request.webhook_url.as_ref()?.parse().ok()?;
    let value = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    Some((value("shot")?.parse().ok()?, value("attempt")?.parse().ok()?))
}

/// Partition and sort key of every item.
async fn keys(stack: &Stack) -> Result<Vec<(String, String)>, Box<dyn Error + Send + Sync>> {
    let client = dynamodb_client(stack.env())?;
    let table = stack.env().required("TABLE_NAME", "set by the stack")?;
    let scan = client.scan().table_name(table).projection_expression("pk, sk").consistent_read(true);
    let items = scan.into_paginator().items().send().try_collect().await?;
    let text = |value: Option<&AttributeValue>| value?.as_s().ok().cloned();
    Ok(items.iter().filter_map(|item| Some((text(item.get("pk"))?, text(item.get("sk"))?))).collect())
}

/// The key of every object.
async fn objects(stack: &Stack) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let client = s3_client(stack.env())?;
    let bucket = stack.env().required("R2_BUCKET_NAME", "set by the stack")?;
    let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.try_next().await? {
        keys.extend(page.contents().iter().filter_map(Object::key).map(str::to_owned));
    }
    Ok(keys)
}
