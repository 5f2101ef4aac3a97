//! Shots that wait for admission. They stand in the index by lane and then by rank, so that one lane's backlog is
//! counted without reading that of the others; admission sees all of them as one line, by rank.

use std::collections::VecDeque;

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, Select},
};

use super::{Item, Store, StoreError, error::failed, layout, text};
use likeness_domain::{id::ShotId, lane::Lane};

/// No page of a lane is larger.
const LARGEST_PAGE: i32 = 1000;

/// All shots that wait, by rank. The index lags a little behind the table.
#[derive(Debug)]
pub struct Waiting<'a> {
    store: &'a Store,
    /// How many are looked at first of all; 0 once that was done.
    first: u16,
    lines: [Line; Lane::ALL.len()],
}

/// The shots of one lane, of which some are read.
#[derive(Debug)]
struct Line {
    lane: Lane,
    read: VecDeque<(String, ShotId)>,
    page: i32,
    start: Option<Item>,
    ended: bool,
}

impl Store {
    /// All shots that wait, by rank. `first` of them are read together, which are often all; then each lane in pages,
    /// of
    /// `first` shots and of ten times as many as before.
    #[must_use]
    pub fn waiting(&self, first: u16) -> Waiting<'_> {
        let lines =
            Lane::ALL.map(|lane| Line { lane, read: VecDeque::new(), page: first.into(), start: None, ended: false });
        Waiting { store: self, first, lines }
    }

    /// Whether any shot waits.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn anybody_waits(&self) -> Result<bool, StoreError> {
        let query = self.query_waiting("work_pk = :waiting").select(Select::Count).limit(1);
        Ok(query.send().await.map_err(failed("Query", layout::WAITING))?.count > 0)
    }

    /// How many shots of `lane` wait; what goes beyond `most` is not counted, nor paid for.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn backlog(&self, lane: Lane, most: u64) -> Result<u64, StoreError> {
        let (mut count, mut start) = (0, None);
        while count < most {
            let left = i32::try_from(most - count).unwrap_or(i32::MAX);
            let query = self.waiting_in(lane).select(Select::Count).limit(left).set_exclusive_start_key(start);
            let page = query.send().await.map_err(failed("Query", layout::WAITING))?;
            count += u64::try_from(page.count).unwrap_or_default();
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(count)
    }

    fn waiting_in(&self, lane: Lane) -> QueryFluentBuilder {
        self.query_waiting("work_pk = :waiting AND begins_with(work_sk, :lane)")
            .expression_attribute_values(":lane", text(layout::lane(lane)))
    }

    fn query_waiting(&self, condition: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(layout::WORK)
            .key_condition_expression(condition)
            .expression_attribute_values(":waiting", text(layout::WAITING))
    }
}

impl Waiting<'_> {
    /// The best of those that were not told yet; `None` after the last.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn next(&mut self) -> Result<Option<ShotId>, StoreError> {
        self.fill().await?;
        let best = self.lines.iter_mut().filter(|line| !line.read.is_empty());
        let best = best.min_by(|one, other| one.read[0].0.cmp(&other.read[0].0));
        Ok(best.and_then(|line| line.read.pop_front()).map(|(_, shot)| shot))
    }

    /// Reads on in every lane of which nothing that was read is left.
    async fn fill(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        if self.first > 0 {
            let query = store.query_waiting("work_pk = :waiting").limit(self.first.into());
            let answer = Box::pin(query.send()).await.map_err(failed("Query", layout::WAITING))?;
            self.first = 0;
            self.take_up(answer.items(), answer.last_evaluated_key());
        }
        let [a, b, c, d] = &mut self.lines;
        tokio::try_join!(a.fill(store), b.fill(store), c.fill(store), d.fill(store))?;
        Ok(())
    }

    /// The beginning of the whole index: what stands before the lane in which it ends is complete.
    fn take_up(&mut self, items: &[Item], last: Option<&Item>) {
        let end = last.and_then(sort_key).unwrap_or_default();
        for line in &mut self.lines {
            let lane = layout::lane(line.lane);
            line.read.extend(items.iter().filter_map(|item| waiting_shot(item, &lane)));
            if last.is_none() || (!end.starts_with(&lane) && lane.as_str() < end) {
                line.ended = true;
            } else if end.starts_with(&lane) {
                line.start = last.cloned();
            }
        }
    }
}

impl Line {
    /// Reads on where nothing that was read is left.
    async fn fill(&mut self, store: &Store) -> Result<(), StoreError> {
        while self.read.is_empty() && !self.ended {
            let query = store.waiting_in(self.lane).limit(self.page).set_exclusive_start_key(self.start.take());
            // On the heap: a call of the SDK is a large future, and four of them wait together.
            let answer = Box::pin(query.send()).await.map_err(failed("Query", layout::WAITING))?;
            self.start = answer.last_evaluated_key;
            self.ended = self.start.is_none();
            self.page = self.page.saturating_mul(10).min(LARGEST_PAGE);
            let lane = layout::lane(self.lane);
            let items = answer.items.unwrap_or_default();
            self.read.extend(items.iter().filter_map(|item| waiting_shot(item, &lane)));
        }
        Ok(())
    }
}

fn sort_key(item: &Item) -> Option<&str> {
    item.get("work_sk").map(AttributeValue::as_s)?.ok().map(String::as_str)
}

/// The rank and the shot of an entry of `lane`.
fn waiting_shot(item: &Item, lane: &str) -> Option<(String, ShotId)> {
    let rank = sort_key(item)?.strip_prefix(lane)?;
    Some((rank.to_owned(), rank.rsplit('#').next()?.parse().ok()?))
}
