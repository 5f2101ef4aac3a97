//! What goes over the wires, by service and operation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::prices::Use;
use crate::wire::{Call, Service, Toll, Wire};

/// Counts; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<Mutex<BTreeMap<(Service, String), Sum>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    calls: u64,
    bytes: usize,
    units: f64,
}

impl Meter {
    pub(super) fn wire(&self) -> Wire {
        let meter = self.clone();
        Wire::metered(move |call, toll| meter.count(call, toll))
    }

    pub(super) fn reset(&self) {
        self.sums().clear();
    }

    fn count(&self, call: &Call, toll: Toll) {
        let mut sums = self.sums();
        let sum = sums.entry((call.service, call.operation.clone())).or_default();
        sum.calls += 1;
        sum.bytes += toll.sent + toll.received;
        sum.units += toll.units;
    }

    pub(super) fn print(&self, jobs: usize, images: usize) {
        println!("  {:<8} {:<26} {:>8} {:>9} {:>8} {:>9}", "", "", "per job", "per image", "units", "bytes");
        for ((service, operation), sum) in self.sums().iter() {
            let per = |count: usize| sum.calls as f64 / count as f64;
            println!(
                "  {:<8} {operation:<26} {:>8.2} {:>9.2} {:>8.2} {:>9.0}",
                service.name(),
                per(jobs),
                per(images),
                sum.units / images as f64,
                sum.bytes as f64 / images as f64
            );
        }
    }

    /// In the terms of the price table.
    pub(super) fn used(&self) -> Use {
        let mut used = Use::default();
        for ((service, operation), sum) in self.sums().iter() {
            let calls = sum.calls as f64;
            match (service, operation.as_str()) {
                (Service::Table, "GetItem" | "BatchGetItem" | "Query" | "TransactGetItems") => {
                    used.read_units += sum.units;
                }
                (Service::Table, _) => used.write_units += sum.units,
                (Service::Queues, _) => used.queue_requests += calls,
                (Service::Bucket, "GET" | "HEAD") => used.bucket_reads += calls,
                (Service::Bucket, _) => used.bucket_writes += calls,
                (Service::Fal, _) => {}
            }
        }
        used
    }

    fn sums(&self) -> MutexGuard<'_, BTreeMap<(Service, String), Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
