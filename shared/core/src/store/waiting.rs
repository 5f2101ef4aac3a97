//! Who waits for admission. Each lane has a partition of its own in the index, so that one lane's backlog is counted without
//! reading that of the others; admission sees all of them as one line, by rank.

use std::collections::VecDeque;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};

use super::{Item, Store, StoreError, layout, text};
use crate::{id::ShotId, lane::Lane};

/// No page of a lane is larger.
const LARGEST_PAGE: i32 = 1000;

/// All shots that wait, by rank. The index lags a little behind the table.
#[derive(Debug)]
pub struct Waiting<'a> {
    store: &'a Store,
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
    /// All shots that wait, by rank; each lane in pages, the first of `first` shots, each further one ten times as large.
    #[must_use]
    pub fn waiting(&self, first: u16) -> Waiting<'_> {
        let lines =
            Lane::ALL.map(|lane| Line { lane, read: VecDeque::new(), page: first.into(), start: None, ended: false });
        Waiting { store: self, lines }
    }

    /// Whether any shot waits.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn anybody_waits(&self) -> Result<bool, StoreError> {
        Ok(self.waiting(1).next().await?.is_some())
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
            let page = query.send().await?;
            count += u64::try_from(page.count).unwrap_or_default();
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(count)
    }

    fn waiting_in(&self, lane: Lane) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(layout::WORK)
            .key_condition_expression("work_pk = :waiting")
            .expression_attribute_values(":waiting", text(layout::waiting(lane)))
    }
}

impl Waiting<'_> {
    /// The best of those that were not told yet; `None` after the last.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn next(&mut self) -> Result<Option<ShotId>, StoreError> {
        let store = self.store;
        let [a, b, c, d] = &mut self.lines;
        tokio::try_join!(a.fill(store), b.fill(store), c.fill(store), d.fill(store))?;
        let best = self.lines.iter_mut().filter(|line| !line.read.is_empty());
        let best = best.min_by(|one, other| one.read[0].0.cmp(&other.read[0].0));
        Ok(best.and_then(|line| line.read.pop_front()).map(|(_, shot)| shot))
    }
}

impl Line {
    /// Reads on where nothing that was read is left.
    async fn fill(&mut self, store: &Store) -> Result<(), StoreError> {
        while self.read.is_empty() && !self.ended {
            let query = store.waiting_in(self.lane).limit(self.page).set_exclusive_start_key(self.start.take());
            // On the heap: a call of the SDK is a large future, and four of them wait together.
            let answer = Box::pin(query.send()).await?;
            self.start = answer.last_evaluated_key;
            self.ended = self.start.is_none();
            self.page = self.page.saturating_mul(10).min(LARGEST_PAGE);
            self.read.extend(answer.items.unwrap_or_default().iter().filter_map(|item| {
                let rank = item.get("work_sk")?.as_s().ok()?;
                Some((rank.clone(), rank.rsplit('#').next()?.parse().ok()?))
            }));
        }
        Ok(())
    }
}
