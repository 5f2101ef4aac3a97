//! Admission: who may have a request in flight at fal. Pure; `store/admission.rs` makes it happen in one transaction.
//!
//! A *slot* is a numbered item that one shot holds for a lease; a *token* is one submit of the last 60 seconds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    entropy::Entropy,
    id::{JobId, ShotId},
    shot::Rank,
};

/// The limits of the fal account, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most requests in flight (`MAX_CONCURRENT_GENERATIONS`).
    pub slots: u16,
    /// Most submits in any 60 seconds (`FAL_RATE_LIMIT_PER_MINUTE`).
    pub per_minute: u32,
}

/// A held slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The slot's number, from 0.
    pub slot: u16,
    /// Who holds it.
    pub shot: ShotId,
    /// For which attempt.
    pub attempt: u32,
    /// Until when at most.
    pub lease_until: Timestamp,
}

/// The submits of the last minute, counted by second: at most `per_minute` in *any* 60 seconds, with no burst at the
/// turn of a minute as a fixed window would allow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecentSubmits(BTreeMap<i64, u32>);

impl RecentSubmits {
    /// A second counts until it lies wholly more than 60 seconds back. One that lies ahead was counted before the clock was
    /// set back: as long as it is within the window it counts as now, so that the limit holds; further ahead, and it would
    /// keep tokens from everything until the clock gets there, so it does not count.
    fn since(&self, now: Timestamp) -> impl Iterator<Item = (i64, u32)> {
        let now = now.as_second();
        self.0.range(now - 60..=now + 60).map(move |(second, count)| ((*second).min(now), *count))
    }

    /// How many more submits the last 60 seconds have room for.
    #[must_use]
    pub fn available(&self, limits: Limits, now: Timestamp) -> u32 {
        limits.per_minute.saturating_sub(self.since(now).map(|(_, count)| count).sum())
    }

    /// With one more submit at `now`, or how long until there is room for one.
    ///
    /// # Errors
    /// There is no room; the error is the time to wait.
    pub fn with_one_more(&self, limits: Limits, now: Timestamp) -> Result<Self, SignedDuration> {
        let mut recent = BTreeMap::new();
        for (second, count) in self.since(now) {
            *recent.entry(second).or_default() += count;
        }
        if self.available(limits, now) == 0 {
            let oldest = recent.keys().next().copied().unwrap_or_else(|| now.as_second());
            let free_at = Timestamp::from_second(oldest + 61).unwrap_or(now);
            return Err(free_at.duration_since(now).max(SignedDuration::from_secs(1)));
        }
        *recent.entry(now.as_second()).or_default() += 1;
        Ok(Self(recent))
    }
}

/// The turn that was served last, of each priority: a project that overtakes with what goes first must not make others wait
/// that join the line behind. See [`Rank`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServedTurns(BTreeMap<u8, u64>);

impl ServedTurns {
    /// The turn of `priority` that was served last; 0 before any was.
    #[must_use]
    pub fn turn(&self, priority: u8) -> u64 {
        self.0.get(&priority).copied().unwrap_or_default()
    }

    /// With `rank` served. A shot that is tried again has an old turn, which takes nobody back.
    #[must_use]
    pub fn with(mut self, rank: Rank) -> Self {
        let turn = self.0.entry(rank.priority).or_default();
        *turn = rank.turn.max(*turn);
        self
    }
}

/// What admission knows before it decides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdmissionState {
    /// Who holds which slot, including leases that have run out.
    pub held: Vec<Held>,
    /// The submits of the last minute.
    pub recent: RecentSubmits,
    /// The revision of the record of recent submits.
    pub revision: u64,
    /// The turns that were served last.
    pub served: ServedTurns,
    /// fal refuses this account: nothing is admitted before this time, for this reason.
    pub stopped: Option<Stop>,
}

/// A stop of the lanes after fal refused our key or account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When one shot may try again.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

impl AdmissionState {
    /// Slots held now.
    #[must_use]
    pub fn in_flight(&self, now: Timestamp) -> usize {
        self.held.iter().filter(|held| held.lease_until > now).count()
    }

    /// Slots that shots of `job` hold now.
    #[must_use]
    pub fn in_flight_of(&self, job: JobId, now: Timestamp) -> usize {
        self.held.iter().filter(|held| held.lease_until > now && held.shot.job == job).count()
    }

    /// How long until so many more shots are submitted, if admission goes on as in the last minute. Where it stood still,
    /// nobody knows: a minute from when it may go on.
    #[must_use]
    pub fn time_for(&self, shots: u64, now: Timestamp) -> SignedDuration {
        let stopped = self.stopped.as_ref().map_or(SignedDuration::ZERO, |stop| stop.until.duration_since(now));
        let shots = i64::try_from(shots).unwrap_or(i64::MAX);
        let a_minute: i64 = self.recent.since(now).map(|(_, count)| i64::from(count)).sum();
        let needed = if a_minute == 0 { 60 } else { shots.saturating_mul(60) / a_minute };
        stopped.max(SignedDuration::ZERO).saturating_add(SignedDuration::from_secs(needed))
    }

    /// A free slot, chosen by chance so that functions that admit at the same time seldom want the same one.
    #[must_use]
    pub fn free_slot(&self, limits: Limits, now: Timestamp, entropy: &Entropy) -> Option<u16> {
        let taken: Vec<u16> = self.held.iter().filter(|held| held.lease_until > now).map(|held| held.slot).collect();
        // A limit that was lowered counts those beyond it too.
        if taken.len() >= usize::from(limits.slots) {
            return None;
        }
        let free: Vec<u16> = (0..limits.slots).filter(|slot| !taken.contains(slot)).collect();
        (!free.is_empty()).then(|| free[entropy.range(0..free.len())])
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { slots: 2, per_minute: 3 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    #[test]
    fn no_sixty_seconds_hold_more_than_the_limit() {
        let mut recent = RecentSubmits::default();
        let mut granted = Vec::new();
        for second in 0..300 {
            for _ in 0..2 {
                if let Ok(next) = recent.with_one_more(LIMITS, at(second)) {
                    recent = next;
                    granted.push(second);
                }
            }
        }
        for start in 0..300 {
            let within = granted.iter().filter(|second| (start..start + 60).contains(*second)).count();
            assert!(within <= 3, "{within} from {start}");
        }
        assert!(granted.len() >= 12, "{granted:?}");
    }

    #[test]
    fn a_full_minute_says_how_long_to_wait() {
        let mut recent = RecentSubmits::default();
        for second in [0, 10, 20] {
            recent = recent.with_one_more(LIMITS, at(second)).unwrap();
        }
        assert_eq!(recent.available(LIMITS, at(30)), 0);
        assert_eq!(recent.with_one_more(LIMITS, at(30)), Err(SignedDuration::from_secs(31)));
        assert!(recent.with_one_more(LIMITS, at(61)).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_takes_no_tokens_for_longer_than_a_minute() {
        let mut recent = RecentSubmits::default();
        for second in [3600, 3610, 3620] {
            recent = recent.with_one_more(LIMITS, at(second)).unwrap();
        }
        // By half a minute: the limit still holds, and the tokens come back within a minute.
        assert_eq!(recent.available(LIMITS, at(3590)), 0);
        assert!(recent.with_one_more(LIMITS, at(3590)).unwrap_err() <= SignedDuration::from_secs(61));
        // By an hour: nothing of it counts, and it is not kept.
        assert_eq!(recent.available(LIMITS, at(25)), 3);
        let after = recent.with_one_more(LIMITS, at(25)).unwrap();
        assert_eq!((after.available(LIMITS, at(25)), after.0.len()), (2, 1));
        // Forwards by an hour: the minute before is over.
        assert_eq!(recent.available(LIMITS, at(7200)), 3);
    }

    #[test]
    fn what_waits_goes_as_fast_as_in_the_last_minute() {
        let mut admission_state = AdmissionState::default();
        let seconds = |admission_state: &AdmissionState, shots| admission_state.time_for(shots, at(30)).as_secs();
        assert_eq!(seconds(&admission_state, 5), 60, "nothing is known");
        for second in [0, 10, 20] {
            admission_state.recent = admission_state.recent.with_one_more(LIMITS, at(second)).unwrap();
        }
        assert_eq!((seconds(&admission_state, 1), seconds(&admission_state, 6)), (20, 120));
        admission_state.stopped = Some(Stop { until: at(75), reason: "no".to_owned() });
        assert_eq!(seconds(&admission_state, 6), 45 + 120);
        admission_state.stopped = Some(Stop { until: at(29), reason: "over".to_owned() });
        assert_eq!(seconds(&admission_state, 6), 120);
    }

    #[test]
    fn who_goes_first_takes_no_turns_of_the_others() {
        let rank = |priority, turn| Rank { priority, turn };
        let served = ServedTurns::default().with(rank(1, 5)).with(rank(0, 124)).with(rank(1, 3));
        assert_eq!((served.turn(0), served.turn(1), served.turn(2)), (124, 5, 0));
    }

    #[test]
    fn an_expired_lease_is_a_free_slot() {
        let shot = "01jd0000000000000000000000-0".parse().unwrap();
        let held = |slot, second| Held { slot, shot, attempt: 1, lease_until: at(second) };
        let admission_state = AdmissionState { held: vec![held(0, 10), held(1, 100)], ..AdmissionState::default() };
        assert_eq!(admission_state.free_slot(LIMITS, at(5), &Entropy::seeded(1)), None);
        assert_eq!(admission_state.free_slot(LIMITS, at(10), &Entropy::seeded(1)), Some(0));
        assert_eq!(admission_state.in_flight(at(10)), 1);
    }
}
