//! The steps of a workflow as a request has them: nested, each with the body of its kind's own route. Here they are put
//! in the order in which they can begin, and checked like any other request, with pointers that lead into the step.

use std::collections::HashSet;

use likeness_domain::{
    image_ref::{ImageRef, is_step_name},
    kind::Kind,
    prompt::Wording,
    workflow::{MAX_STEPS, Step, StepState},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::request::{
    body::Body,
    errors::Errors,
    kinds::{
        AsksFor, composite::CreateComposite, master::CreateMaster, portrait::CreatePortrait, profile::CreateProfile,
        tuned::Tuned,
    },
    pointer::pointer,
};

/// One step: what it makes, and what has to be done before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateStep {
    /// What later steps call it.
    id: String,
    #[serde(rename = "type")]
    kind: StepType,
    /// The body of that kind's own route.
    input: Map<String, Value>,
    /// Steps that have to be done before, beside those whose results the input names.
    #[serde(default)]
    after: Vec<String>,
    /// Steps that come after this one.
    #[serde(default)]
    then: Vec<CreateStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepType {
    Master,
    #[serde(rename = "profile_360", alias = "profile360")]
    Profile,
    Composite,
    Portrait,
}

/// Steps one behind another, each behind those that it needs, and where each stands in the request.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) steps: Vec<Step>,
    pub(crate) places: Vec<String>,
}

/// Puts the steps in order. What is wrong with them is noted, and the chain is whole where nothing is.
pub(crate) fn chain(steps: Vec<CreateStep>, wording: &Wording, errors: &mut Errors) -> Chain {
    let mut placed = Vec::new();
    flatten(steps, "/steps", None, &mut placed);
    if !(1..=MAX_STEPS).contains(&placed.len()) {
        errors.add("/steps", format!("must have 1 to {MAX_STEPS} steps, and has {}", placed.len()));
        return Chain::default();
    }
    let (mut chain, mut earlier) = (Chain::default(), HashSet::new());
    for step in placed {
        let mut kind = step.kind(wording, errors);
        step.check_names(&earlier, kind.as_mut(), errors);
        earlier.insert(step.name.clone());
        let after = step.parent.into_iter().chain(step.after).collect();
        if let Some(kind) = kind {
            chain.steps.push(Step { name: step.name, kind, after, held: None, state: StepState::Pending });
            chain.places.push(step.place);
        }
    }
    chain
}

/// A step, where it stands in the request, and whose `then` holds it.
struct Placed {
    place: String,
    name: String,
    kind: StepType,
    input: Map<String, Value>,
    after: Vec<String>,
    parent: Option<String>,
}

/// Puts the steps one behind another, parents first.
fn flatten(steps: Vec<CreateStep>, list: &str, parent: Option<usize>, placed: &mut Vec<Placed>) {
    for (index, step) in steps.into_iter().enumerate() {
        let CreateStep { id: name, kind, mut input, after, then } = step;
        let place = format!("{list}/{index}");
        let parent = parent.map(|parent| &placed[parent]);
        // What a profile under its master would only say again may be left out.
        if let Some(parent) = parent.filter(|parent| (parent.kind, kind) == (StepType::Master, StepType::Profile)) {
            input.entry("masterReferenceId").or_insert_with(|| format!("${}", parent.name).into());
            if let Some(subject) = parent.input.get("subjectId") {
                input.entry("subjectId").or_insert_with(|| subject.clone());
            }
        }
        let parent = parent.map(|parent| parent.name.clone());
        let children = format!("{place}/then");
        placed.push(Placed { place, name, kind, input, after, parent });
        flatten(then, &children, Some(placed.len() - 1), placed);
    }
}

impl Placed {
    fn kind(&self, wording: &Wording, errors: &mut Errors) -> Option<Kind> {
        match self.kind {
            StepType::Master => self.asked::<CreateMaster>(wording, errors),
            StepType::Profile => self.asked::<CreateProfile>(wording, errors),
            StepType::Composite => self.asked::<CreateComposite>(wording, errors),
            StepType::Portrait => self.asked::<CreatePortrait>(wording, errors),
        }
    }

    fn asked<T>(&self, wording: &Wording, errors: &mut Errors) -> Option<Kind>
    where
        Tuned<T>: AsksFor,
    {
        let mut own = Errors::default();
        let body = <Tuned<T> as Body>::read(&Value::Object(self.input.clone()), &mut own);
        if body.as_ref().is_some_and(|body| body.end_user.is_some()) {
            own.add("/endUser", "must stand beside `steps`, as it holds for all of them");
        }
        let kind = body.and_then(|body| body.kind(&mut own, wording));
        errors.take_over(&format!("{}/input", self.place), own);
        kind
    }

    /// Checks its own name and those of the steps that it needs.
    fn check_names(&self, earlier: &HashSet<String>, kind: Option<&mut Kind>, errors: &mut Errors) {
        let mut wrong = |pointer: String, detail: String| errors.add(&(self.place.clone() + &pointer), detail);
        if !is_step_name(&self.name) {
            wrong("/id".to_owned(), "must be 1-40 letters, digits, `_` or `-`".to_owned());
        } else if earlier.contains(&self.name) {
            wrong("/id".to_owned(), format!("repeats the name {}", self.name));
        }
        let after = self.after.iter().enumerate().map(|(index, name)| (format!("/after/{index}"), name.clone()));
        let pointers = kind.map(Kind::image_refs_mut).unwrap_or_default();
        let results = pointers.into_iter().filter_map(|(field, image)| match image {
            ImageRef::Step { step, .. } => Some((format!("/input{}", pointer(field)), step.clone())),
            ImageRef::Media(_) | ImageRef::Job(_) | ImageRef::Url(_) => None,
        });
        for (place, name) in after.chain(results).filter(|(_, name)| !earlier.contains(name)) {
            wrong(place, format!("refers to the step {name}, and no earlier step has that name"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::read::read;

    fn chained(steps: &Value) -> Result<Vec<Step>, Vec<String>> {
        let mut errors = Errors::default();
        let steps = read(steps, &mut errors).unwrap();
        let chain = chain(steps, &Wording::default(), &mut errors);
        if errors.is_empty() {
            return Ok(chain.steps);
        }
        Err(errors.into_found().into_iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect())
    }

    /// The places of the errors and what is wrong there.
    fn errors(steps: &Value) -> Vec<String> {
        chained(steps).unwrap_err()
    }

    fn master(id: &str) -> Value {
        let input = json!({ "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper" });
        json!({ "id": id, "type": "master", "input": input })
    }

    #[test]
    fn nested_steps_come_after_their_parents_and_a_profile_takes_after_its_master() {
        let mut hero = master("hero");
        hero["then"] = json!([
            { "id": "turn", "type": "profile_360", "input": {} },
            { "id": "own", "type": "profile_360", "input": { "masterReferenceId": "$other", "subjectId": "lamp" } },
        ]);
        let mut last = master("last");
        last["after"] = json!(["turn"]);
        hero["then"][0]["then"] = json!([last]);
        let steps = chained(&json!([master("other"), hero])).unwrap();
        let order: Vec<_> = steps.iter().map(|step| (step.name.as_str(), step.needs().join(" "))).collect();
        let expected = [("other", ""), ("hero", ""), ("turn", "hero"), ("last", "turn"), ("own", "hero other")]
            .map(|(a, b)| (a, b.to_owned()));
        assert_eq!(order, expected);
        let subjects: Vec<_> = steps.iter().map(|step| step.kind.subject().unwrap().as_str()).collect();
        assert_eq!(subjects, ["keeper", "keeper", "keeper", "keeper", "lamp"]);
    }

    #[test]
    fn a_name_must_be_that_of_an_earlier_step() {
        let mut first = master("hero");
        first["after"] = json!(["turn", "hero"]);
        let turn = json!({ "masterReferenceId": "$nobody.90", "subjectId": "keeper" });
        let steps =
            json!([first, { "id": "turn", "type": "profile_360", "input": turn }, master("hero"), master("a b")]);
        insta::assert_snapshot!(errors(&steps).join("\n"), @r"
        /steps/0/after/0 refers to the step turn, and no earlier step has that name
        /steps/0/after/1 refers to the step hero, and no earlier step has that name
        /steps/1/input/masterReferenceId refers to the step nobody, and no earlier step has that name
        /steps/2/id repeats the name hero
        /steps/3/id must be 1-40 letters, digits, `_` or `-`
        ");
    }

    #[test]
    fn what_is_wrong_with_an_input_is_pointed_at() {
        let mut hero = master("hero");
        hero["input"]["description"] = json!("short");
        hero["then"] = json!([
            { "id": "a", "type": "profile_360", "input": { "angles": [0, 400] } },
            { "id": "b", "type": "profile_360", "input": { "angels": [] } },
            { "id": "c", "type": "composite", "input": { "description": "a quay in the rain", "references": {} } },
            { "id": "d", "type": "portrait", "input": { "personId": "ada" } },
        ]);
        let pointers: Vec<_> =
            errors(&json!([hero])).iter().map(|error| error.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(
            pointers,
            [
                "/steps/0/input/description",
                "/steps/0/then/0/input/angles/1",
                "/steps/0/then/1/input/angels",
                "/steps/0/then/2/input/references",
                "/steps/0/then/3/input/prompt",
            ]
        );
    }

    #[test]
    fn a_chain_has_one_to_fifty_steps() {
        let steps = |count: usize| json!((0..count).map(|i| master(&format!("s{i}"))).collect::<Vec<_>>());
        assert_eq!(chained(&steps(50)).unwrap().len(), 50);
        assert_eq!(errors(&steps(51)), ["/steps must have 1 to 50 steps, and has 51"]);
        assert_eq!(errors(&steps(0)), ["/steps must have 1 to 50 steps, and has 0"]);
    }
}
