//! The connections between the functions and what they call. Functions, engines and emulator stay as they are: a proxy
//! in between holds a call up, refuses it, cuts it before or after it had its effect, or counts what it costs.

mod proxy;
mod units;

use std::{fmt, sync::Arc, time::Duration};

use crate::triggers::invocations::Invocation;

pub(crate) use self::proxy::Proxy;

/// What a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Table,
    Queues,
    Bucket,
    /// fal's queue API.
    Fal,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Table, Self::Queues, Self::Bucket, Self::Fal];

    /// As a report spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Queues => "queues",
            Self::Bucket => "bucket",
            Self::Fal => "fal",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Call {
    pub service: Service,
    /// The operation as the protocol names it, for example `PutItem`, or the HTTP method.
    pub operation: String,
    /// The invocation that makes it; `None` for a call that no function makes (fal reads a signed address). Exact only
    /// where functions run one at a time.
    pub by: Option<Invocation>,
}

/// What the wire does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAction {
    /// It goes through.
    Forward,
    /// It goes through, later.
    Delay(Duration),
    /// It is refused as the service refuses when it is too busy.
    Throttle,
    /// It is answered as R2 answers a second write of a key within a second: 429, to be repeated after so many seconds.
    TooManyRequests(u64),
    /// It is answered with an internal error of the service.
    Fail,
    /// The connection ends before it reaches the service.
    Disconnect,
    /// It has its effect, and the answer is lost.
    DropAnswer,
    /// Its function is stopped dead right before it.
    KillBefore,
    /// Its function is stopped dead right after it had its effect.
    KillAfter,
}

/// What a call that went through has cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallCost {
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body.
    pub received: usize,
    /// Capacity units, of a call to the table that is metered.
    pub units: f64,
    /// Those among them that went to indexes.
    pub index_units: f64,
    /// How many items a call to the table was to write.
    pub items_written: usize,
}

/// Decides what is done with each call, and reports what it cost; cheap to clone.
#[derive(Clone)]
pub struct Wire {
    decide: Arc<dyn Fn(&Call) -> CallAction + Send + Sync>,
    meter: Option<Arc<CostListener>>,
}

type CostListener = dyn Fn(&Call, CallCost) + Send + Sync;

impl Wire {
    /// `decide` is asked about every call.
    pub fn new(decide: impl Fn(&Call) -> CallAction + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), meter: None }
    }

    /// Everything goes through, and `meter` is told what it cost. The table is asked for its own count of capacity
    /// units, which no function does.
    pub fn metered(meter: impl Fn(&Call, CallCost) + Send + Sync + 'static) -> Self {
        Self { meter: Some(Arc::new(meter)), ..Self::new(|_| CallAction::Forward) }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}
