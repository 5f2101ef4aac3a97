//! What was used, and what that costs.

use std::time::Duration;

use serde::Deserialize;

/// Memory of each function in MB, as `template.yaml` has it.
const MEMORY: [(&str, f64); 5] =
    [("api", 512.0), ("webhook", 256.0), ("generate", 256.0), ("ingest", 1769.0), ("cleanup", 256.0)];
/// An SQS trigger receives and deletes for each batch; the functions do not see these calls.
const TRIGGER_REQUESTS: f64 = 2.0;

/// The price table of `local/cli/data/prices.json`.
#[derive(Debug, Deserialize)]
pub(super) struct Prices {
    /// When it was read, as year and month.
    pub(super) read: String,
    pub(super) region: String,
    dynamodb_write_units_per_million: f64,
    dynamodb_read_units_per_million: f64,
    sqs_requests_per_million: f64,
    lambda_requests_per_million: f64,
    lambda_gb_seconds_per_million: f64,
    http_api_requests_per_million: f64,
    r2_writes_per_million: f64,
    r2_reads_per_million: f64,
}

impl Prices {
    pub(super) fn load() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../../../data/prices.json"))
    }
}

#[derive(Debug, Default)]
pub(super) struct Use {
    pub(super) read_units: f64,
    pub(super) write_units: f64,
    pub(super) queue_requests: f64,
    pub(super) bucket_reads: f64,
    pub(super) bucket_writes: f64,
    invocations: f64,
    gigabyte_seconds: f64,
    http_requests: f64,
}

impl Use {
    pub(super) fn add_function(&mut self, function: &str, invocations: u64, time: Duration) {
        let invocations = invocations as f64;
        let memory = MEMORY.iter().find(|(name, _)| *name == function).map_or(0.0, |(_, megabytes)| *megabytes);
        self.invocations += invocations;
        self.gigabyte_seconds += time.as_secs_f64() * memory / 1024.0;
        match function {
            "api" | "webhook" => self.http_requests += invocations,
            "generate" | "ingest" => self.queue_requests += invocations * TRIGGER_REQUESTS,
            _ => {}
        }
    }

    /// By service, in dollars.
    pub(super) fn cost(&self, prices: &Prices) -> [(&'static str, f64); 8] {
        let million = |amount: f64, price: f64| amount * price / 1e6;
        [
            ("DynamoDB writes", million(self.write_units, prices.dynamodb_write_units_per_million)),
            ("DynamoDB reads", million(self.read_units, prices.dynamodb_read_units_per_million)),
            ("SQS", million(self.queue_requests, prices.sqs_requests_per_million)),
            ("Lambda requests", million(self.invocations, prices.lambda_requests_per_million)),
            ("Lambda time", million(self.gigabyte_seconds, prices.lambda_gb_seconds_per_million)),
            ("HTTP API", million(self.http_requests, prices.http_api_requests_per_million)),
            ("R2 writes", million(self.bucket_writes, prices.r2_writes_per_million)),
            ("R2 reads", million(self.bucket_reads, prices.r2_reads_per_million)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::MEMORY;

    #[test]
    fn the_template_gives_the_same_memory() {
        let template = include_str!("../../../../../template.yaml");
        for (function, megabytes) in MEMORY {
            let name = format!("Binary: {function} }}");
            let after = template.split_once(&name).unwrap_or_else(|| panic!("no {function}")).1;
            let memory = after.split_once("MemorySize: ").unwrap().1.split_whitespace().next().unwrap();
            assert_eq!(memory.parse::<f64>().unwrap(), megabytes, "{function}");
        }
    }
}
