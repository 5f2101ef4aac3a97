//! What was asked for and spent of late, by user and by end user: the times of requests, newest first, and the money
//! that is committed (reserved or settled) of a day and of a month. What a project spends stands in its ledger.
//!
//! A limit is one condition on the item that counts it: of `requests` in a window, the one that would be one too many
//! must be too old to count. So that of requests at one moment exactly those pass that may.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::{Item, Store, StoreError, layout, ledger, number, transaction::Transaction, update::Update};
use likeness_domain::{
    id::{ProjectId, UserId},
    limit::{Account, Allowance, Draw, Log, Meters, Period, Rate, Spender},
    money::Usd,
};

/// A log is written anew, without what no longer counts, once it is so much longer than its window needs.
const SURPLUS: usize = 32;

/// How long the money of a day or a month is kept, so that what settles late meets what was reserved.
const KEPT: [(Period, SignedDuration); 2] =
    [(Period::Day, SignedDuration::from_hours(14 * 24)), (Period::Month, SignedDuration::from_hours(100 * 24))];

/// What a request takes, and what it takes it from.
#[derive(Debug, Clone)]
pub struct Taking {
    /// In whose windows it counts.
    pub asker: Account,
    /// Who pays: for a job that another opens again, still the first.
    pub account: Account,
    pub allowance: Allowance,
    pub draw: Draw,
    /// What of the amount is given back in the same transaction: the charge of a job that is opened again, or what a
    /// workflow has set aside for this.
    pub instead_of: Usd,
    /// In whose day and month the money counts.
    pub money_at: Timestamp,
}

/// The meters as they were read for what a request takes.
#[derive(Debug, Clone)]
pub struct MeterReading {
    pub taking: Taking,
    pub read_at: Timestamp,
    pub meters: Meters,
    /// Attributes of the payer's item that are too old to matter.
    outdated: Vec<String>,
}

impl MeterReading {
    /// For a request that no limit holds for.
    #[must_use]
    pub fn unlimited(taking: Taking, now: Timestamp) -> Self {
        Self { taking, read_at: now, meters: Meters::default(), outdated: Vec::new() }
    }
}

impl Taking {
    /// What a new request takes.
    #[must_use]
    pub fn new(account: Account, allowance: Allowance, draw: Draw, now: Timestamp) -> Self {
        Self { asker: account.clone(), account, allowance, draw, instead_of: Usd::ZERO, money_at: now }
    }

    /// The same without what is given back.
    #[must_use]
    pub fn draw_beyond(&self) -> Draw {
        Draw { amount: self.draw.amount.map(|amount| amount - self.instead_of), ..self.draw }
    }

    /// What it adds to what is committed.
    #[must_use]
    pub fn more(&self) -> Usd {
        self.draw.amount.unwrap_or_default() - self.instead_of
    }

    /// What it changes of what is committed.
    pub(super) fn change(&self) -> Change {
        Change { more: self.draw.amount.unwrap_or_default(), less: self.instead_of }
    }
}

impl Store {
    /// Reads what counts for a request.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn read_meters(&self, taking: Taking, now: Timestamp) -> Result<MeterReading, StoreError> {
        let Taking { asker, account, allowance, money_at, .. } = &taking;
        let places = allowance.rates.iter().filter_map(|rate| log_place(&rate.log, asker));
        let places =
            places.chain(Spender::ALL.into_iter().filter_map(|spender| money_place(spender, account, *money_at)));
        let places: Vec<layout::Key> = places.collect::<BTreeSet<_>>().into_iter().collect();
        let items = self.read_items(&places, true).await?.into_iter().map(Option::unwrap_or_default);
        let items: HashMap<layout::Key, Item> = places.into_iter().zip(items).collect();
        let mut meters = Meters::default();
        for Rate { log, .. } in &allowance.rates {
            let item = log_place(log, asker).and_then(|place| items.get(&place));
            meters.logs.insert(log.clone(), item.map(|item| times(item, &log_name(log, asker))).unwrap_or_default());
        }
        for (spender, period) in
            Spender::ALL.into_iter().flat_map(|spender| Period::ALL.map(|period| (spender, period)))
        {
            let item = money_place(spender, account, *money_at).and_then(|place| items.get(&place));
            let item = item.zip(money_name(spender, period, account, *money_at));
            meters
                .committed
                .insert((spender, period), item.map(|(item, name)| amount(item, &name)).unwrap_or_default());
        }
        let payer = items.get(&layout::meter(&account.user));
        let outdated = payer.map(|item| outdated(item, now)).unwrap_or_default();
        Ok(MeterReading { taking, read_at: now, meters, outdated })
    }
}

/// What is committed in a project.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    pub project: CommittedOf,
    pub users: HashMap<UserId, CommittedOf>,
}

/// Of one spender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommittedOf {
    pub day: Usd,
    pub month: Usd,
}

impl Store {
    /// What is committed in a project in the day and month of `at`, by all and by each of `users`.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn committed(
        &self,
        project: &ProjectId,
        users: &[UserId],
        at: Timestamp,
    ) -> Result<Committed, StoreError> {
        let places = std::iter::once(layout::ledger(project, at)).chain(users.iter().map(layout::meter));
        let mut items = self.read_items(&places.collect::<Vec<_>>(), true).await?.into_iter();
        let of = |item: Option<Item>, name: &dyn Fn(Period) -> String| {
            let item = item.unwrap_or_default();
            let [day, month] = [Period::Day, Period::Month].map(|period| amount(&item, &name(period)));
            CommittedOf { day, month }
        };
        let project_sum = of(items.next().flatten(), &|period| ledger::committed_name(period, at));
        let of_user = |period: Period| user_money_name(project, &period.name(at));
        let users = users.iter().cloned().zip(items.map(|item| of(item, &of_user))).collect();
        Ok(Committed { project: project_sum, users })
    }
}

impl Transaction {
    /// Takes what a request draws from the meters, if every limit but the project's allows it.
    pub(super) fn take(&mut self, reading: &MeterReading, now: Timestamp) {
        let taking = &reading.taking;
        let Taking { asker, account, allowance, draw, money_at, .. } = taking;
        let mut updates = Updates::default();
        for rate in &allowance.rates {
            let (count, place) = (rate.counts(draw), log_place(&rate.log, asker));
            if let Some(place) = place.filter(|_| count > 0) {
                log_requests(updates.on(place), rate, &log_name(&rate.log, asker), reading, count, now);
            }
        }
        updates.commit(account, *money_at, &taking.change());
        for cap in allowance.caps.iter().filter(|cap| cap.of != Spender::Project && taking.more() > Usd::ZERO) {
            let named = money_place(cap.of, account, *money_at).zip(money_name(cap.of, cap.period, account, *money_at));
            if let Some((place, name)) = named {
                demand_room(updates.on(place), &name, cap.most, taking.more());
            }
        }
        let payer = layout::meter(&account.user);
        if updates.0.contains_key(&payer) {
            reading.outdated.iter().for_each(|name| updates.on(payer.clone()).remove(name));
        }
        updates.write_to(self);
    }

    /// Changes what is committed on `account` in the day and month of `at`.
    pub(super) fn commit_money(&mut self, account: &Account, at: Timestamp, change: &Change) {
        let mut updates = Updates::default();
        updates.commit(account, at, change);
        updates.write_to(self);
    }
}

/// A change of what is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Change {
    pub(super) more: Usd,
    pub(super) less: Usd,
}

impl Change {
    pub(super) fn is_none(&self) -> bool {
        self.more == self.less
    }

    /// As a number that may be negative.
    pub(super) fn value(&self) -> AttributeValue {
        let difference = i128::from(self.more.micros()) - i128::from(self.less.micros());
        number(difference)
    }
}

/// The updates of the items that count, one of each item.
#[derive(Default)]
struct Updates(BTreeMap<layout::Key, Update>);

impl Updates {
    fn on(&mut self, place: layout::Key) -> &mut Update {
        self.0.entry(place).or_default()
    }

    fn commit(&mut self, account: &Account, at: Timestamp, change: &Change) {
        if change.is_none() {
            return;
        }
        for spender in [Spender::User, Spender::Key, Spender::EndUser] {
            for period in Period::ALL {
                if let Some((place, name)) =
                    money_place(spender, account, at).zip(money_name(spender, period, account, at))
                {
                    self.on(place).add(&name, change.value());
                }
            }
        }
    }

    fn write_to(self, transaction: &mut Transaction) {
        for (place, update) in self.0 {
            transaction.apply(place, update);
        }
    }
}

/// Notes `count` requests at `now`, if the window lets them through.
fn log_requests(update: &mut Update, rate: &Rate, name: &str, reading: &MeterReading, count: u16, now: Timestamp) {
    let (times, most) = (reading.meters.log(&rate.log), usize::from(rate.window.requests));
    let new = vec![now.as_millisecond(); count.into()];
    if times.len() > most + SURPLUS {
        // Written anew it must be as it was read; a request at the same moment decides anew.
        let kept = new.into_iter().chain(times.iter().copied()).take(most);
        update.set(name, list(kept));
        update.demand_size(name, times.len());
        update.demand_first(name, times[0]);
    } else {
        update.prepend(name, list(new));
    }
    // That it fits at all was seen before: see `Allowance::check`.
    let in_the_way = most.saturating_sub(count.into());
    update.demand_at_most(&format!("[{in_the_way}]"), name, number(rate.window.opens(now)));
}

/// Demands that the figure `name` stays within `most` with `amount` more.
pub(super) fn demand_room(update: &mut Update, name: &str, most: Usd, amount: Usd) {
    // Below zero where the amount alone is too much.
    let room = i128::from(most.micros()) - i128::from(amount.micros());
    update.demand_at_most("", name, number(room));
    if room < 0 {
        update.demand_exists(name);
    }
}

/// The item that holds the times of a log.
fn log_place(log: &Log, account: &Account) -> Option<layout::Key> {
    match log {
        Log::Requests(_) | Log::Profiles(_) | Log::Key => Some(layout::meter(&account.user)),
        Log::EndUser => Some(layout::meter_of_end_user(&account.project, account.end_user.as_ref()?)),
    }
}

/// The attribute that holds the times of a log.
fn log_name(log: &Log, account: &Account) -> String {
    let in_project = |what: &str, project: &Option<_>| match project {
        None => format!("asked|{what}"),
        Some(project) => format!("asked|{what}|{project}"),
    };
    match log {
        Log::Requests(project) => in_project("requests", project),
        Log::Profiles(project) => in_project("profiles", project),
        Log::Key => format!("asked|key|{}", account.key.map(|key| key.to_string()).unwrap_or_default()),
        Log::EndUser => "asked".to_owned(),
    }
}

/// The item that holds what is committed: a key's figures stand in its user's.
fn money_place(spender: Spender, account: &Account, at: Timestamp) -> Option<layout::Key> {
    match spender {
        Spender::Project => Some(layout::ledger(&account.project, at)),
        Spender::User | Spender::Key => Some(layout::meter(&account.user)),
        Spender::EndUser => Some(layout::meter_of_end_user(&account.project, account.end_user.as_ref()?)),
    }
}

/// The attribute that holds what is committed; `None` where the account has no such spender. The date comes last.
fn money_name(spender: Spender, period: Period, account: &Account, at: Timestamp) -> Option<String> {
    let date = period.name(at);
    match spender {
        Spender::Project => Some(ledger::committed_name(period, at)),
        Spender::User => Some(user_money_name(&account.project, &date)),
        Spender::Key => account.key.map(|key| format!("committed|key|{key}|{date}")),
        Spender::EndUser => account.end_user.as_ref().map(|_| format!("committed|{date}")),
    }
}

/// The attribute that holds what a user has committed in a project.
fn user_money_name(project: &ProjectId, date: &str) -> String {
    format!("committed|project|{project}|{date}")
}

/// The attributes of money whose day or month is long over.
fn outdated(item: &Item, now: Timestamp) -> Vec<String> {
    let [day, month] = KEPT.map(|(period, kept)| period.name(now - kept));
    let is_outdated = |name: &&String| {
        let date = name.strip_prefix("committed|").and_then(|name| name.rsplit('|').next());
        date.is_some_and(|date| *date < *if date.len() == day.len() { &day } else { &month }.as_str())
    };
    item.keys().filter(is_outdated).cloned().collect()
}

fn times(item: &Item, name: &str) -> Vec<i64> {
    let times = item.get(name).and_then(|value| value.as_l().ok());
    times.into_iter().flatten().filter_map(|time| time.as_n().ok()?.parse().ok()).collect()
}

/// What is committed. Less than nothing is nothing: what settles after its period was forgotten.
pub(super) fn amount(item: &HashMap<String, AttributeValue>, name: &str) -> Usd {
    let number = item.get(name).and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
    Usd::from_micros(number.map_or(0, |micros| u64::try_from(micros).unwrap_or_default()))
}

fn list(times: impl IntoIterator<Item = i64>) -> AttributeValue {
    AttributeValue::L(times.into_iter().map(number).collect())
}
