//! What is asked for: a mixture of all kinds, the same for the same seed.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{Failed, caller::Caller};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The last part of the route.
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    /// Under which it is repeated.
    pub(crate) key: String,
    /// Taken back soon after it was accepted.
    pub(crate) canceled: bool,
    /// Sent twice at once, as an impatient program does.
    pub(crate) hurried: bool,
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
            caller.picture(&Order::plain("master", body, subject.to_owned())).await
        };
        Ok(Self {
            keeper: master("keeper", "a lighthouse keeper in a yellow raincoat and yellow trousers").await?,
            wizard: master("wizard", "a bearded wizard in a purple coat and purple trousers").await?,
        })
    }
}

impl Order {
    fn plain(kind: &'static str, body: Value, key: String) -> Self {
        Self { kind, body, key, canceled: false, hurried: false }
    }

    /// How many requests to fal it takes when all goes well.
    pub(crate) fn shots(&self) -> usize {
        self.body["angles"].as_array().map_or(1, Vec::len)
    }
}

/// A kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// One picture.
    Master,
    /// The views of a master, all around.
    Profile,
    /// A scene of two characters.
    Composite,
    /// Two pictures of a person.
    Portrait,
}

/// `count` requests of all kinds; some are taken back, some are sent twice. Every one is a request of its own, so that none
/// is answered by an earlier one.
pub(crate) fn mixture(count: usize, seed: u64, references: &References) -> Vec<Order> {
    let mut chance = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|number| {
            let kind = match chance.random_range(0..100) {
                0..60 => Kind::Master,
                60..70 => Kind::Profile,
                70..85 => Kind::Composite,
                _ => Kind::Portrait,
            };
            let (canceled, hurried) = (chance.random_bool(0.04), chance.random_bool(0.05));
            Order { canceled, hurried, ..request(kind, number, &[0, 90, 180], references) }
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
    Order::plain(kind, body, format!("{kind}-{number}"))
}
