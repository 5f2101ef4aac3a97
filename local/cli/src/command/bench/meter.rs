//! What goes over the wires, by service and operation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::prices::Use;
use likeness_stack::wire::{Call, CallCost, Service, Wire};

/// Counts; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<Mutex<BTreeMap<(Service, String), Sum>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    calls: u64,
    bytes: usize,
    units: f64,
    index_units: f64,
    items_written: usize,
}

impl Meter {
    pub(super) fn wire(&self) -> Wire {
        let meter = self.clone();
        Wire::metered(move |call, cost| meter.count(call, cost))
    }

    pub(super) fn reset(&self) {
        self.sums().clear();
    }

    fn count(&self, call: &Call, cost: CallCost) {
        let mut sums = self.sums();
        let sum = sums.entry((call.service, call.operation.clone())).or_default();
        sum.calls += 1;
        sum.bytes += cost.sent + cost.received;
        sum.units += cost.units;
        sum.index_units += cost.index_units;
        sum.items_written += cost.items_written;
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
        self.print_writes(images);
    }

    /// What writes cost by what makes them cost it: a unit is a kilobyte of an item, twice in a transaction, and once
    /// more for every entry of an index that is made or taken away.
    fn print_writes(&self, images: usize) {
        let (mut items, mut sizes, mut transactions, mut indexes) = (0, 0.0, 0.0, 0.0);
        for ((service, operation), sum) in self.sums().iter() {
            if *service == Service::Table && sum.items_written > 0 {
                let of_items = sum.units - sum.index_units;
                let once = if operation == "TransactWriteItems" { of_items / 2.0 } else { of_items };
                items += sum.items_written;
                sizes += once;
                transactions += of_items - once;
                indexes += sum.index_units;
            }
        }
        let per = |count: f64| count / images as f64;
        println!(
            "  writes per image: {:.2} items; units: {:.2} for their sizes, {:.2} more as they are in transactions, {:.2} in indexes",
            per(items as f64),
            per(sizes),
            per(transactions),
            per(indexes)
        );
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
