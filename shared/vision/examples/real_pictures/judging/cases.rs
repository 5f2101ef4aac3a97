//! Which pairs and sets of pictures are judged, right ones and wrong ones.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Figure, Relation, Weights, measures, set_measures};

use super::kept::{Cases, PairCase, SetCase, ViewCase};
use super::pictures::{Labelled, by_subject};

pub(crate) fn all(pictures: &[Labelled]) -> Cases {
    let subjects = by_subject(pictures);
    let mut cases = Cases::default();
    for (subject, own) in &subjects {
        eprintln!("{subject}");
        let others = strangers(subject, &subjects);
        pairs(own, &others, &mut cases.pairs);
        sets(own, &others, &mut cases.sets);
    }
    cases
}

/// Up to three subjects of the same pack, then up to two of others, with `kin` or `far`.
fn strangers<'a>(
    subject: &str,
    subjects: &BTreeMap<&'a str, Vec<&'a Labelled>>,
) -> Vec<(&'static str, Vec<&'a Labelled>)> {
    let Some(own) = subjects.get(subject).and_then(|own| own.first()) else { return Vec::new() };
    let after = subjects.range::<str, _>((std::ops::Bound::Excluded(subject), std::ops::Bound::Unbounded));
    let before = subjects.range::<str, _>((std::ops::Bound::Unbounded, std::ops::Bound::Excluded(subject)));
    let around: Vec<&Vec<&Labelled>> = after.chain(before).map(|(_, pictures)| pictures).collect();
    let of_kind = |pictures: &&&Vec<&Labelled>| {
        pictures.first().is_some_and(|first| (first.family == "render") == (own.family == "render"))
    };
    let kin = |pictures: &&&Vec<&Labelled>| pictures.first().is_some_and(|first| first.pack() == own.pack());
    let near = around.iter().filter(of_kind).filter(kin).take(3).map(|pictures| ("kin", (*pictures).clone()));
    let far = around.iter().filter(of_kind).filter(|pictures| !kin(pictures)).step_by(5).take(2);
    near.chain(far.map(|pictures| ("far", (*pictures).clone()))).collect()
}

fn view<'a>(pictures: &[&'a Labelled], variant: &str, angle: u16) -> Option<&'a Labelled> {
    let fits = |picture: &&&Labelled| picture.variant == variant && picture.angle == Some(angle);
    pictures.iter().find(fits).copied().filter(|picture| picture.figure.is_some())
}

fn word(relation: Relation) -> &'static str {
    match relation {
        Relation::Same => "same",
        Relation::Near => "near",
        Relation::Turned => "turned",
        Relation::Opposite => "opposite",
    }
}

fn pairs(own: &[&Labelled], others: &[(&'static str, Vec<&Labelled>)], found: &mut Vec<PairCase>) {
    let mut compare = |what: &str, a: Option<&Labelled>, b: Option<&Labelled>, relation: Option<Relation>| {
        let (Some(a), Some(b)) = (a, b) else { return };
        let (Some(from), Some(to)) = (&a.figure, &b.figure) else { return };
        let between = || Some(Relation::of(f64::from(b.angle?) - f64::from(a.angle?)));
        let Some(relation) = relation.or_else(between) else { return };
        found.push(PairCase {
            subject: a.subject.clone(),
            family: a.family.clone(),
            relation: word(relation).to_owned(),
            what: what.to_owned(),
            files: [a.file.clone(), b.file.clone()],
            measures: measures(from, to, relation),
        });
    };
    let quarters = [0, 90, 180, 270];
    let turns: [(u16, u16); 14] = [
        (0, 30),
        (0, 330),
        (90, 120),
        (180, 210),
        (270, 240),
        (0, 60),
        (0, 90),
        (0, 270),
        (90, 180),
        (180, 270),
        (0, 180),
        (90, 270),
        (180, 0),
        (0, 120),
    ];
    for at in quarters {
        compare("right", view(own, "base", at), view(own, "regen", at), None);
    }
    for (from, to) in turns {
        compare("right", view(own, "regen", from), view(own, "base", to), None);
    }
    for (from, to) in [(0, 0), (180, 180), (0, 180), (90, 0)] {
        compare("pose", view(own, "base", from), view(own, "pose", to), None);
        // Another pose that is recognised is judged as another side.
        if from == to {
            compare("pose", view(own, "base", from), view(own, "pose", to), Some(Relation::Turned));
        }
    }
    for defect in ["hue60", "hue150", "flat", "girth85", "girth120"] {
        compare(defect, view(own, "regen", 0), view(own, defect, 0), None);
    }
    // Sheets.
    let sheet: Vec<&Labelled> =
        own.iter().copied().filter(|view| view.variant == "-" && view.angle.is_some()).collect();
    let free: Vec<&Labelled> =
        own.iter().copied().filter(|view| view.angle.is_none() && view.family != "photo").collect();
    for (at, a) in sheet.iter().enumerate() {
        for b in &sheet[at + 1..] {
            compare("right", Some(a), Some(b), None);
        }
        for b in free.iter().filter(|_| a.angle == Some(0)) {
            compare("illustration", Some(b), Some(a), Some(Relation::Same));
            compare("illustration", Some(b), Some(a), Some(Relation::Turned));
        }
    }
    for (kin, other) in others {
        for (from, to) in [(0, 0), (90, 90), (180, 180), (0, 30), (0, 90), (0, 270), (90, 180), (0, 180)] {
            compare(kin, view(own, "regen", from), view(other, "base", to), None);
            compare(kin, view(own, "-", from), view(other, "-", to), None);
        }
        for b in &free {
            compare(kin, Some(b), view(other, "-", 0), Some(Relation::Same));
            compare(kin, Some(b), view(other, "-", 0), Some(Relation::Turned));
        }
        for relation in [Relation::Same, Relation::Turned] {
            compare(kin, view(own, "base", 0), view(other, "pose", 0), Some(relation));
        }
    }
    let photos: Vec<&Labelled> = own.iter().copied().filter(|view| view.family == "photo").collect();
    for (at, a) in photos.iter().enumerate() {
        for b in &photos[at + 1..] {
            compare("right", Some(a), Some(b), Some(Relation::Turned));
        }
    }
}

/// A view of a set: which picture, whether in a mirror, where it is really seen from.
struct Shown<'a> {
    claimed: u16,
    picture: &'a Labelled,
    mirrored: bool,
    side: Option<u16>,
    bad: bool,
}

fn right<'a>(own: &[&'a Labelled], variant: &str, angles: &[u16]) -> Vec<Shown<'a>> {
    let shown = |&claimed: &u16| {
        let picture = view(own, variant, claimed)?;
        Some(Shown { claimed, picture, mirrored: false, side: Some(claimed), bad: false })
    };
    angles.iter().filter_map(shown).collect()
}

const TWELVE: [u16; 12] = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330];
const FOUR: [u16; 4] = [0, 90, 180, 270];

fn sets(own: &[&Labelled], others: &[(&'static str, Vec<&Labelled>)], found: &mut Vec<SetCase>) {
    let rendered = view(own, "regen", 0);
    let (variant, all): (&str, Vec<Vec<u16>>) = match rendered {
        Some(_) => ("base", vec![TWELVE.to_vec(), FOUR.to_vec()]),
        None => {
            let mut angles: Vec<u16> = own.iter().filter(|v| v.variant == "-").filter_map(|v| v.angle).collect();
            angles.sort_unstable();
            ("-", vec![angles])
        }
    };
    let Some(master) = rendered.or_else(|| view(own, "-", 0)) else { return };
    let mut judge = |what: &str, shown: Vec<Shown<'_>>| {
        let Some(front) = &master.figure else { return };
        if shown.len() < 3 {
            return;
        }
        let figures: Vec<(u16, Figure)> = shown
            .iter()
            .filter_map(|view| {
                let figure = view.picture.figure.as_ref()?;
                Some((view.claimed, if view.mirrored { figure.mirrored() } else { figure.clone() }))
            })
            .collect();
        let measured = set_measures(Weights::committed(), front, &figures);
        let views = shown.iter().zip(&figures).zip(measured).map(|((view, (_, figure)), measured)| ViewCase {
            claimed: view.claimed,
            side: view.side,
            bad: view.bad,
            file: view.picture.file.clone(),
            measures: measured,
            by_master: if view.claimed == 0 {
                measures(front, figure, Relation::of(f64::from(view.claimed)))
            } else {
                BTreeMap::new()
            },
        });
        found.push(SetCase {
            subject: master.subject.clone(),
            family: master.family.clone(),
            what: what.to_owned(),
            views: views.collect(),
        });
    };
    for angles in &all {
        judge("right", right(own, variant, angles));
        if angles.len() == 4 {
            judge("right", right(own, "regen", angles));
        }
        let spoilt = |at: u16, other: Option<&'_ Labelled>, mirrored: bool, side: Option<u16>| {
            let mut shown = right(own, variant, angles);
            let place = shown.iter().position(|view| view.claimed == at)?;
            // Lifetimes of the two lists differ only in name.
            let other = other?;
            let picture = own
                .iter()
                .copied()
                .chain(others.iter().flat_map(|(_, o)| o.iter().copied()))
                .find(|known| known.file == other.file)?;
            shown[place] = Shown { claimed: at, picture, mirrored, side, bad: true };
            Some(shown)
        };
        let exchanged = |at: u16| {
            let mut shown = spoilt(at, view(own, variant, 360 - at), false, Some(360 - at))?;
            let place = shown.iter().position(|view| view.claimed == 360 - at)?;
            shown[place] = Shown {
                claimed: 360 - at,
                picture: view(own, variant, at)?,
                mirrored: false,
                side: Some(at),
                bad: true,
            };
            Some(shown)
        };
        // A large set costs as much to measure as all small ones of a subject.
        let large = angles.len() > 6;
        exchanged(90).into_iter().for_each(|shown| judge("swapped", shown));
        let front = view(own, variant, 0);
        let many = [
            ("front for back", spoilt(180, front, false, Some(0))),
            ("mirrored front for back", spoilt(180, front, true, None)),
            ("mirrored side", spoilt(90, view(own, variant, 90), true, Some(270))),
            ("off by 60", spoilt(120, view(own, variant, 60), false, Some(60))),
            ("front for side", spoilt(90, front, false, Some(0))),
            ("mirrored side", spoilt(270, view(own, variant, 270), true, Some(90))),
        ];
        for (what, shown) in many.into_iter().take(if large { 3 } else { 6 }) {
            shown.into_iter().for_each(|shown| judge(what, shown));
        }
        let mut seen: Vec<&str> = Vec::new();
        for (kin, other) in others {
            if seen.contains(kin) {
                continue;
            }
            seen.push(kin);
            for at in if large { vec![120] } else { vec![90, 180] } {
                let shown = spoilt(at, view(other, variant, at), false, Some(at));
                shown.into_iter().for_each(|shown| judge(&format!("{kin} view"), shown));
            }
        }
        for defect in ["hue60", "flat", "hue150", "girth120"].into_iter().take(if large { 1 } else { 4 }) {
            spoilt(0, view(own, defect, 0), false, Some(0)).into_iter().for_each(|shown| judge(defect, shown));
        }
    }
}
