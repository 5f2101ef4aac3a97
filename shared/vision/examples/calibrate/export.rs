//! What is measured of half the cast for fitting, in `target/drawn-figures.json`: `examples/real_pictures` fits to it beside
//! real pictures.

use std::path::Path;

use likeness_vision::consistency::Weights;

use crate::cast::{self, Cast, Character};
use crate::kept::{Cases, PairCase, SetCase, ViewCase};
use crate::samples::{self, Pair};
use crate::sets::{self, View};

pub(crate) fn written(weights: &Weights) -> std::io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/drawn-figures.json");
    let mut cast = cast::characters(Cast::Develop);
    // Each style with every second of its characters.
    cast.retain(|character| (character.number / cast::STYLES.len()).is_multiple_of(2));
    cast.iter_mut().for_each(|character| character.test = false);
    let samples = samples::all(&cast.iter().collect::<Vec<&Character>>());
    let cases = Cases {
        pairs: samples.pairs.iter().filter_map(pair).collect(),
        sets: sets::measured_sets(&cast, weights).into_iter().filter_map(set).collect(),
    };
    eprintln!("{} pairs, {} sets in {}", cases.pairs.len(), cases.sets.len(), file.display());
    std::fs::write(file, serde_json::to_vec(&cases)?)
}

fn pair(pair: &Pair) -> Option<PairCase> {
    let relation = pair.measures.keys().find_map(|key| Some(key.split_once('.')?.1.to_owned()))?;
    Some(PairCase {
        subject: format!("drawn {}", pair.character),
        family: "drawn".to_owned(),
        relation,
        what: pair.wrong.map_or("right", |_| pair.name).to_owned(),
        files: Default::default(),
        measures: pair.measures.clone(),
    })
}

/// `None` of sets that are bad as a whole: nothing real is like them.
fn set((number, views): (usize, Vec<View>)) -> Option<SetCase> {
    let drifted = views.iter().any(|view| view.drifted);
    let what = if views.iter().any(|view| view.fault.is_some()) { "spoilt" } else { "right" };
    (!drifted && !views.is_empty()).then(|| SetCase {
        subject: format!("drawn {number}"),
        family: "drawn".to_owned(),
        what: what.to_owned(),
        views: views.into_iter().map(view).collect(),
    })
}

fn view(view: View) -> ViewCase {
    ViewCase {
        claimed: view.claimed,
        side: Some(view.side),
        bad: view.fault.is_some(),
        file: String::new(),
        measures: view.measures,
        by_master: Default::default(),
    }
}
