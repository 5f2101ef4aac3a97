//! Admission as several functions do it at once: each reads the admission state, decides, and writes where nothing
//! moved meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::rng::Rng;
use crate::shot::Rank;

/// What may happen, to any of the functions and shots.
#[derive(Debug, Clone)]
enum Happening {
    /// A function reads the admission state.
    Looks(usize),
    /// It claims for the best shot by what it has read.
    Claims(usize),
    /// A shot that holds a slot gives it back.
    Releases(prop::sample::Index),
    /// Another shot comes to wait; of one of three projects.
    Arrives(u8),
    /// Seconds pass.
    Passes(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..3_usize).prop_map(Happening::Looks),
        6 => (0..3_usize).prop_map(Happening::Claims),
        3 => any::<prop::sample::Index>().prop_map(Happening::Releases),
        3 => (0..3_u8).prop_map(Happening::Arrives),
        2 => (0..40_i64).prop_map(Happening::Passes),
    ]
}

/// The table, as far as admission is concerned.
struct World {
    limits: Limits,
    now: Timestamp,
    admission_state: AdmissionState,
    waiting: BTreeSet<(Rank, ShotId)>,
    /// The next turn of each project.
    turns: BTreeMap<u8, u64>,
    /// Every submit, in order.
    submits: Vec<(Timestamp, Rank)>,
    seen: Vec<Option<AdmissionState>>,
    rng: Rng,
    arrived: u64,
}

const LEASE: SignedDuration = SignedDuration::from_secs(185);

impl World {
    fn new(limits: Limits) -> Self {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        Self {
            limits,
            now,
            admission_state: AdmissionState::default(),
            waiting: BTreeSet::new(),
            turns: BTreeMap::new(),
            submits: Vec::new(),
            seen: vec![None; 3],
            rng: Rng::seeded(7),
            arrived: 0,
        }
    }

    fn arrive(&mut self, project: u8) {
        // As `take_turns` has it: behind the project's own last, and never behind the turn that is served.
        let turn = self.turns.get(&project).map_or(0, |last| last + 1).max(self.admission_state.served.turn(0));
        self.turns.insert(project, turn);
        let job = JobId::new(self.now, &Rng::seeded(self.arrived));
        self.waiting.insert((Rank { priority: 0, turn }, job.shot(0)));
        self.arrived += 1;
    }

    /// As `admit.rs` and the conditions of `store/admission.rs` have it.
    fn claim(&mut self, function: usize) {
        let Some(seen) = self.seen[function].take() else { return };
        let Some((rank, shot)) = self.waiting.first().copied() else { return };
        let Some(slot) = seen.free_slot(self.limits, self.now, &self.rng) else { return };
        let Ok(recent) = seen.recent.with_one_more(self.limits, self.now) else { return };
        let slot_is_free =
            self.admission_state.held.iter().all(|held| held.slot != slot || held.lease_until <= self.now);
        if self.admission_state.revision != seen.revision || !slot_is_free {
            return;
        }
        self.admission_state.held.retain(|held| held.slot != slot);
        self.admission_state.held.push(Held { slot, shot, attempt: 1, lease_until: self.now + LEASE, left: None });
        (self.admission_state.recent, self.admission_state.revision) = (recent, seen.revision + 1);
        self.admission_state.served = self.admission_state.served.clone().with(rank);
        self.waiting.remove(&(rank, shot));
        self.submits.push((self.now, rank));
    }

    fn happens(&mut self, what: &Happening) {
        match what {
            Happening::Looks(function) => self.seen[*function] = Some(self.admission_state.clone()),
            Happening::Claims(function) => self.claim(*function),
            Happening::Releases(which) => {
                if !self.admission_state.held.is_empty() {
                    let which = which.index(self.admission_state.held.len());
                    self.admission_state.held.remove(which);
                }
            }
            Happening::Arrives(project) => self.arrive(*project),
            Happening::Passes(seconds) => self.now += SignedDuration::from_secs(*seconds),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_more_at_once_nor_in_any_minute_than_allowed(
        slots in 1_u16..5, per_minute in 1_u32..8, happenings in prop::collection::vec(happening(), 1..200),
    ) {
        let mut world = World::new(Limits { slots, per_minute });
        for happening in &happenings {
            world.happens(happening);
            prop_assert!(world.admission_state.in_flight(world.now) <= usize::from(slots), "{happening:?}");
            let distinct: BTreeSet<u16> = world.admission_state.held.iter().map(|held| held.slot).collect();
            prop_assert!(distinct.len() == world.admission_state.held.len() && distinct.iter().all(|slot| *slot < slots));
        }
        for (end, (last, _)) in world.submits.iter().enumerate() {
            let minute = world.submits[..=end].iter().filter(|(at, _)| last.duration_since(*at) < SignedDuration::from_mins(1));
            prop_assert!(minute.count() <= per_minute as usize);
        }
    }

    /// Whatever happened before, and whoever comes to wait meanwhile: who waits is served, in bounded time.
    #[test]
    fn nobody_starves(
        slots in 1_u16..4, per_minute in 1_u32..6, before in prop::collection::vec(happening(), 0..80), flood in 0..3_u8,
    ) {
        let mut world = World::new(Limits { slots, per_minute });
        before.iter().for_each(|happening| world.happens(happening));
        let waiting: Vec<(Rank, ShotId)> = world.waiting.iter().copied().collect();
        // One project goes on asking for more than there is room for, and nothing is ever given back but by its lease.
        let most = (waiting.len() + 1) * 3 + 3;
        for _ in 0..most {
            if waiting.iter().all(|shot| !world.waiting.contains(shot)) {
                break;
            }
            for _ in 0..=per_minute.max(slots.into()) {
                world.arrive(flood);
                world.happens(&Happening::Looks(0));
                world.happens(&Happening::Claims(0));
            }
            world.happens(&Happening::Passes(LEASE.as_secs()));
        }
        prop_assert!(waiting.iter().all(|shot| !world.waiting.contains(shot)), "{} still wait", world.waiting.len());
    }
}
