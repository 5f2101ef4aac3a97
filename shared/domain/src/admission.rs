//! Admission: which shot may have a request in flight at fal. Pure; `store/admission.rs` makes it happen in one
//! transaction.
//!
//! A *slot* is a numbered item that one shot holds for a lease; a *token* is one submit of the last 60 seconds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    id::{JobId, ShotId},
    rng::Rng,
    shot::{FalRequest, Rank},
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
    /// The holder.
    pub shot: ShotId,
    /// For which attempt.
    pub attempt: u32,
    /// Until when at most.
    pub lease_until: Timestamp,
    /// Set where the attempt was given up and may still run: how to ask fal.
    pub left: Option<FalRequest>,
}

/// The submits of the last minute, counted by second: at most `per_minute` in *any* 60 seconds, with no burst at the
/// turn of a minute as a fixed window would allow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecentSubmits(BTreeMap<i64, u32>);

impl RecentSubmits {
    /// A second counts until it lies wholly more than 60 seconds back. One that lies ahead was counted before the clock
    /// was set back: as long as it is within the window it counts as now, so that the limit holds; further ahead, and
    /// it would keep tokens from everything until the clock gets there, so it does not count.
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

/// The turn that was served last, of each priority: a project that overtakes with what goes first must not make others
/// wait that join the line behind. See [`Rank`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServedTurns(BTreeMap<u8, u64>);

impl ServedTurns {
    /// The turn of `priority` that was served last; 0 before any was.
    #[must_use]
    pub fn turn(&self, priority: u8) -> u64 {
        self.0.get(&priority).copied().unwrap_or_default()
    }

    /// With `rank` served. A shot that is tried again has an old turn, which moves no project back.
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
    /// The holder of each slot, including leases that have run out.
    pub held: Vec<Held>,
    /// The submits of the last minute.
    pub recent: RecentSubmits,
    /// The revision of the record of recent submits.
    pub revision: u64,
    /// The turns that were served last.
    pub served: ServedTurns,
    /// Whether fal takes requests: while it does not, nothing is admitted before a time, for a reason.
    pub weather: Weather,
}

/// A stop of the lanes: fal takes nothing from us. When it is over one shot alone finds out whether that is still so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When one shot may try again.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Since when fal takes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How many shots have found out since then that it is still so.
    #[serde(default)]
    pub probes: u32,
}

/// What fal answered to a submit that it did not take, as far as all submits are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words for people: "fal refuses the key".
    pub reason: String,
    /// How sure it is that the next submit would meet the same.
    pub certainty: Certainty,
}

/// How sure it is that the next submit would meet the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Our key or account is refused: it takes a person to change that.
    Lasting,
    /// fal said when to come back.
    Until(SignedDuration),
    /// A fault: the first may be this one submit's alone.
    Likely,
}

/// Refusals since fal last took a request. Only a stop holds anybody up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weather {
    /// When the last refusal came.
    pub struck_at: Option<Timestamp>,
    /// The stop that they led to.
    pub stop: Option<Stop>,
}

/// A second refusal within this time stops the lanes.
const STRIKES_BELONG_TOGETHER: SignedDuration = SignedDuration::from_secs(30);
/// How long the lanes stand still after fal refused our key or account, and at most where it is away.
const LONGEST_STOP: SignedDuration = SignedDuration::from_mins(1);
/// How long the one shot that finds out has for it, which is longer than a submit takes.
const PROBE_TIME: SignedDuration = SignedDuration::from_secs(30);

impl Stop {
    /// A stop that begins at `now`.
    #[must_use]
    pub fn new(until: Timestamp, reason: impl Into<String>) -> Self {
        Self { until, reason: reason.into(), since: None, probes: 0 }
    }
}

impl Weather {
    /// After `refusal`; `None` where it is no news: the lanes stand still, and it is not the `probe` that says so.
    #[must_use]
    pub fn after(&self, refusal: &Refusal, probe: bool, now: Timestamp) -> Option<Self> {
        let standing = self.stop.as_ref().is_some_and(|stop| stop.until > now);
        if standing && !probe {
            return None;
        }
        let again = self.struck_at.is_some_and(|last| now.duration_since(last) <= STRIKES_BELONG_TOGETHER);
        let struck = Self { struck_at: Some(now), stop: self.stop.clone() };
        if self.stop.is_none() && !again && refusal.certainty == Certainty::Likely {
            return Some(struck);
        }
        let (since, probes) = match &self.stop {
            Some(stop) => (stop.since.unwrap_or(now), stop.probes.saturating_add(u32::from(probe))),
            None => (self.struck_at.filter(|_| again).unwrap_or(now), 0),
        };
        let pause = match refusal.certainty {
            Certainty::Lasting => LONGEST_STOP,
            Certainty::Until(pause) => pause.max(SignedDuration::from_secs(1)),
            // 1, 2, 4, … seconds.
            Certainty::Likely => SignedDuration::from_secs(1 << probes.min(6)).min(LONGEST_STOP),
        };
        let stop = Stop { until: now + pause, reason: refusal.reason.clone(), since: Some(since), probes };
        Some(Self { stop: Some(stop), ..struck })
    }

    /// With the stop held until one shot has found out.
    #[must_use]
    pub fn probed(&self, now: Timestamp) -> Self {
        let stop = self.stop.clone().map(|stop| Stop { until: now + PROBE_TIME, ..stop });
        Self { stop, ..self.clone() }
    }

    /// Whether fal's taking a request is news.
    #[must_use]
    pub fn is_foul(&self) -> bool {
        self.stop.is_some() || self.struck_at.is_some()
    }
}

impl AdmissionState {
    /// Slots held now.
    #[must_use]
    pub fn in_flight(&self, now: Timestamp) -> usize {
        self.held.iter().filter(|held| held.lease_until > now).count()
    }

    /// Slots of attempts that were given up and may still run at fal.
    pub fn left(&self, now: Timestamp) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| held.lease_until > now && held.left.is_some())
    }

    /// Slots that shots of `job` hold now.
    #[must_use]
    pub fn in_flight_of(&self, job: JobId, now: Timestamp) -> usize {
        self.held.iter().filter(|held| held.lease_until > now && held.shot.job == job).count()
    }

    /// How long until so many more shots are submitted, if admission goes on as in the last minute. Where it stood
    /// still the pace is not known: a minute from when it may go on.
    #[must_use]
    pub fn time_for(&self, shots: u64, now: Timestamp) -> SignedDuration {
        let stopped = self.weather.stop.as_ref().map_or(SignedDuration::ZERO, |stop| stop.until.duration_since(now));
        let shots = i64::try_from(shots).unwrap_or(i64::MAX);
        let a_minute: i64 = self.recent.since(now).map(|(_, count)| i64::from(count)).sum();
        let needed = if a_minute == 0 { 60 } else { shots.saturating_mul(60) / a_minute };
        stopped.max(SignedDuration::ZERO).saturating_add(SignedDuration::from_secs(needed))
    }

    /// A free slot, chosen by chance so that functions that admit at the same time seldom want the same one.
    #[must_use]
    pub fn free_slot(&self, limits: Limits, now: Timestamp, rng: &Rng) -> Option<u16> {
        let taken: Vec<u16> = self.held.iter().filter(|held| held.lease_until > now).map(|held| held.slot).collect();
        // A limit that was lowered counts those beyond it too.
        if taken.len() >= usize::from(limits.slots) {
            return None;
        }
        let free: Vec<u16> = (0..limits.slots).filter(|slot| !taken.contains(slot)).collect();
        (!free.is_empty()).then(|| free[rng.range(0..free.len())])
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
        admission_state.weather.stop = Some(Stop::new(at(75), "no"));
        assert_eq!(seconds(&admission_state, 6), 45 + 120);
        admission_state.weather.stop = Some(Stop::new(at(29), "over"));
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
        let held = |slot, second| Held { slot, shot, attempt: 1, lease_until: at(second), left: None };
        let admission_state = AdmissionState { held: vec![held(0, 10), held(1, 100)], ..AdmissionState::default() };
        assert_eq!(admission_state.free_slot(LIMITS, at(5), &Rng::seeded(1)), None);
        assert_eq!(admission_state.free_slot(LIMITS, at(10), &Rng::seeded(1)), Some(0));
        assert_eq!(admission_state.in_flight(at(10)), 1);
    }

    fn refusal(certainty: Certainty) -> Refusal {
        Refusal { reason: "fal has a fault".to_owned(), certainty }
    }

    /// How long each stop lasts while every probe finds the same.
    fn stops(certainty: Certainty, probes: usize) -> Vec<i64> {
        let (mut weather, mut now, mut stops) = (Weather::default(), at(0), Vec::new());
        while stops.len() < probes {
            let probe = weather.stop.is_some();
            weather = weather.after(&refusal(certainty), probe, now).unwrap();
            if let Some(stop) = &weather.stop {
                stops.push(stop.until.duration_since(now).as_secs());
                now = stop.until;
            }
        }
        stops
    }

    #[test]
    fn a_fault_that_lasts_stops_the_lanes_for_longer_and_longer_and_a_minute_at_most() {
        assert_eq!(stops(Certainty::Likely, 9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(stops(Certainty::Lasting, 2), [60, 60]);
        assert_eq!(stops(Certainty::Until(SignedDuration::from_secs(300)), 2), [300, 300]);
    }

    #[test]
    fn one_fault_stops_nobody_and_many_at_once_count_once() {
        let likely = refusal(Certainty::Likely);
        let once = Weather::default().after(&likely, false, at(0)).unwrap();
        assert!(once.stop.is_none() && once.is_foul());
        let later = once.after(&likely, false, at(31)).unwrap();
        assert!(later.stop.is_none(), "the two have nothing to do with each other");
        let stopped = once.after(&likely, false, at(1)).unwrap();
        let stop = stopped.stop.clone().unwrap();
        assert_eq!((stop.until, stop.since, stop.probes), (at(2), Some(at(0)), 0));
        assert_eq!(stopped.after(&likely, false, at(1)), None, "known");
        // What was under way before the stop says nothing about the probe.
        let probing = stopped.probed(at(2));
        assert_eq!(probing.after(&likely, false, at(3)), None);
        let found = probing.after(&likely, true, at(3)).unwrap();
        assert_eq!(found.stop.map(|stop| (stop.until, stop.since, stop.probes)), Some((at(5), Some(at(0)), 1)));
    }
}
