//! What is asked for: a mixture of all kinds, the same for the same seed.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{Failed, caller::Caller};

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) asks: Asks,
    pub(crate) body: Value,
    /// Under which it is repeated.
    pub(crate) key: String,
    /// Taken back soon after it was accepted.
    pub(crate) canceled: bool,
    /// Sent twice at once, as an impatient program does.
    pub(crate) hurried: bool,
    /// To be taken back by itself if it is not done in time.
    pub(crate) limited: bool,
    /// Begun anew, once, if it fails.
    pub(crate) retried: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// A job; the last part of its route.
    Job(&'static str),
    /// Several, one after the other.
    Workflow,
}

/// What the others go by.
#[derive(Debug)]
pub(crate) struct References {
    keeper: String,
    wizard: String,
}

impl References {
    /// How many jobs making them takes.
    pub(crate) const JOBS: usize = 2;

    /// Makes them, before anything goes wrong.
    pub(crate) async fn make(caller: &Caller) -> Result<Self, Failed> {
        caller.upload_lora().await?;
        let master = async |subject: &str, description: &str| {
            let body =
                json!({ "subjectType": "character", "subjectId": subject, "seed": 5, "description": description });
            caller.picture(&Order::plain(Asks::Job("master"), body, subject.to_owned())).await
        };
        Ok(Self {
            keeper: master("keeper", "a lighthouse keeper in a yellow raincoat and yellow trousers").await?,
            wizard: master("wizard", "a bearded wizard in a purple coat and purple trousers").await?,
        })
    }
}

impl Order {
    fn plain(asks: Asks, body: Value, key: String) -> Self {
        Self { asks, body, key, canceled: false, hurried: false, limited: false, retried: false }
    }

    /// How many requests to fal it takes when all goes well.
    pub(crate) fn shots(&self) -> usize {
        let shots = |input: &Value| input["angles"].as_array().map_or(1, Vec::len);
        match self.asks {
            Asks::Job(_) => shots(&self.body),
            Asks::Workflow => {
                self.body["steps"].as_array().into_iter().flatten().map(|step| shots(&step["input"])).sum()
            }
        }
    }
}

const SOME_ANGLES: [u16; 3] = [0, 90, 180];

/// A kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Master,
    /// The views of a master, all around.
    Profile,
    /// A scene of two characters.
    Composite,
    /// Two pictures of a person.
    Portrait,
}

/// `count` requests of all kinds; some are taken back, some have little time, some are sent twice, and what fails is begun
/// anew once. Every one is a request of its own, so that none is answered by an earlier one.
pub(crate) fn mixture(count: usize, seed: u64, references: &References) -> Vec<Order> {
    let mut chance = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|number| {
            let kind = match chance.random_range(0..100) {
                0..58 => Some(Kind::Master),
                58..68 => Some(Kind::Profile),
                68..83 => Some(Kind::Composite),
                83..98 => Some(Kind::Portrait),
                _ => None,
            };
            let (canceled, hurried) = (chance.random_bool(0.04), chance.random_bool(0.05));
            let limited = chance.random_bool(0.03);
            match kind {
                Some(kind) => {
                    let order = request(kind, number, &SOME_ANGLES, references);
                    Order { canceled, hurried, limited, retried: true, ..order }
                }
                None => Order { hurried, limited, ..workflow(number) },
            }
        })
        .collect()
}

/// `count` requests of one kind.
pub(crate) fn of_kind(kind: Kind, count: usize, references: &References) -> Vec<Order> {
    let all_around: Vec<u16> = (0..12).map(|step| step * 30).collect();
    (0..count).map(|number| request(kind, number, &all_around, references)).collect()
}

fn request(kind: Kind, number: usize, angles: &[u16], references: &References) -> Order {
    let References { keeper, wizard } = references;
    let (kind, body) = match kind {
        Kind::Master => {
            let description = format!("a lighthouse keeper with {number} buttons on a yellow raincoat");
            let subject = format!("keeper-{}", number % 50);
            ("master", json!({ "subjectType": "character", "subjectId": subject, "description": description }))
        }
        Kind::Profile => {
            ("profile360", json!({ "masterReferenceId": keeper, "subjectId": "keeper", "angles": angles }))
        }
        Kind::Composite => {
            let characters = json!([
                { "referenceId": keeper, "position": "left" }, { "referenceId": wizard, "position": "right" },
            ]);
            let description = format!("the two meet at post {number} of the pier");
            ("composite", json!({ "description": description, "references": { "characters": characters } }))
        }
        Kind::Portrait => {
            let prompt = format!("74828 is looking at the camera, with house {number} in the background.");
            ("portrait", json!({ "personId": "ada", "prompt": prompt, "numImages": 2 }))
        }
    };
    Order::plain(Asks::Job(kind), body, format!("{kind}-{number}"))
}

/// A character, and then views of it.
fn workflow(number: usize) -> Order {
    let subject = format!("guard-{number}");
    let description = format!("a harbour guard with {number} stripes on a blue coat");
    let master = json!({ "subjectType": "character", "subjectId": subject, "description": description });
    let profile = json!({ "masterReferenceId": "$hero", "subjectId": subject, "angles": SOME_ANGLES });
    let steps = json!([
        { "id": "hero", "type": "master", "input": master }, { "id": "turn", "type": "profile_360", "input": profile },
    ]);
    Order::plain(Asks::Workflow, json!({ "steps": steps }), format!("workflow-{number}"))
}
