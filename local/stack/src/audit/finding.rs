//! What an audit tells.

use std::fmt;

use likeness_domain::id::{JobId, MediaId, ShotId};

/// What was found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Jobs that were looked at.
    pub jobs: usize,
    /// Images on record.
    pub images: usize,
    /// Objects in the bucket.
    pub objects: usize,
    /// Requests that fal took.
    pub requests: usize,
    /// Pictures that were paid for and not needed, as they came after their attempt had been given up and replaced.
    pub paid_twice: usize,
    /// Messages that were given up, after which only the reconciler could help.
    pub dead_letters: u64,
    /// Pictures that fal billed and never told us of: neither the answer to the submit nor a callback came through, so
    /// that the request was sent again after its window. It cannot be told from one that never arrived.
    pub undecidable: Vec<Unseen>,
    /// What must not be.
    pub violations: Vec<Violation>,
}

/// Pictures that fal made and no record knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The shot that asked for them, and in which attempt.
    pub attempt: (ShotId, u32),
    /// fal's id of the request.
    pub request: String,
    /// Where they are.
    pub pictures: Vec<String>,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempt: (shot, attempt), request, pictures } = self;
        write!(f, "request {request} (attempt {attempt} of shot {shot}) brought {}", pictures.join(", "))
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A job has not ended; what its shots wait for.
    Hanging(JobId, String),
    /// A shot of an ended job is not settled.
    Unsettled(ShotId),
    /// A slot at fal is held.
    SlotHeld(ShotId),
    /// An image that a shot brought has no record.
    NoRecord(MediaId),
    /// A record that no shot brought.
    NoShot(String),
    /// A file of a record that is not in the bucket.
    NoObject(String),
    /// An object that no record names.
    Orphan(String),
    /// fal took more than one request for an attempt.
    SentTwice(ShotId, u32),
    /// fal billed a picture that no attempt accounts for.
    NotAccounted(Unseen),
    /// A job's cost is not what its shots are charged.
    WrongCost(JobId),
    /// A project's sums of money are not those of its jobs.
    WrongLedger(String),
    /// A project counts other images than it has.
    WrongTally(String),
    /// Messages that no function has taken.
    LeftInQueue(String, u64),
    /// The emulator saw something that fal forbids.
    AgainstFalsRules(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hanging(job, waiting) => write!(f, "{job} hangs: {waiting}"),
            Self::Unsettled(shot) => write!(f, "shot {shot} of an ended job is not settled"),
            Self::SlotHeld(shot) => write!(f, "shot {shot} holds a slot"),
            Self::NoRecord(media) => write!(f, "{media} has no record"),
            Self::NoShot(media) => write!(f, "{media} is no shot's"),
            Self::NoObject(key) => write!(f, "{key} is not in the bucket"),
            Self::Orphan(key) => write!(f, "{key} is no record's"),
            Self::SentTwice(shot, attempt) => write!(f, "attempt {attempt} of shot {shot} was sent twice"),
            Self::NotAccounted(unseen) => write!(f, "billed, and on no record: {unseen}"),
            Self::WrongCost(job) => write!(f, "{job} costs something else than its shots"),
            Self::WrongLedger(what) | Self::WrongTally(what) => f.write_str(what),
            Self::LeftInQueue(queue, messages) => write!(f, "{messages} messages are left in {queue}"),
            Self::AgainstFalsRules(what) => write!(f, "against fal's rules: {what}"),
        }
    }
}
