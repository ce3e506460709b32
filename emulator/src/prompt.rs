//! What the bodies of a launch and a follow-up say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::body::Json;
use crate::files::Given;
use crate::images::{self, Decoded};
use crate::problem::Problem;
use crate::turns::Prompt;
use crate::validate::Checks;

/// A well-formed launch: whether its workflow and its files are there is yet to be seen.
pub(crate) struct Launch {
    pub(crate) prompt: Prompt,
    pub(crate) project: Option<String>,
    pub(crate) workflow: Option<String>,
    pub(crate) files: Vec<Given>,
    /// The files' ids by slot.
    pub(crate) inputs: BTreeMap<String, Vec<String>>,
}

/// Reads a launch; `alias` allows another name of `inputs`.
pub(crate) fn launch(body: &Json, alias: bool) -> Result<Launch, Problem> {
    let Json { object, images } = body;
    let mut checks = Checks::default();
    let prompt = prompt(&mut checks, object, images);
    let workflow = checks.optional_uuid(object, "workflowId");
    let project = checks.optional_uuid(object, "projectId");
    let ids = checks.uuids(object.get("fileIds"), &[json!("fileIds")]);
    let inputs = inputs(&mut checks, object, alias);
    if workflow.is_some() && object.contains_key("fileIds") {
        checks.add(&[json!("fileIds")], "fileIds cannot be used with workflowId");
    }
    if workflow.is_none() && inputs.is_some() {
        checks.add(&[json!("inputs")], "inputs needs workflowId");
    }
    if object.get("workflowId").is_none_or(Value::is_null) && !object.contains_key("prompt") {
        checks.add(&[json!("prompt")], "Either prompt.text or workflowId is required");
    }
    checks.finish()?;
    if workflow.is_none() && prompt.is_none() {
        return Err(Problem::issue("prompt", "Expected an object with text"));
    }
    let inputs = inputs.unwrap_or_default();
    let mut files = given(&ids, None, &[json!("fileIds")]);
    for (slot, ids) in &inputs {
        files.extend(given(ids, Some(slot), &[json!("inputs"), json!(slot)]));
    }
    Ok(Launch { prompt: prompt.unwrap_or_default(), project, workflow, files, inputs })
}

/// Reads a follow-up.
pub(crate) fn follow_up(body: &Json) -> Result<Prompt, Problem> {
    let mut checks = Checks::default();
    let prompt = prompt(&mut checks, &body.object, &body.images);
    for member in ["fileIds", "inputs"] {
        if body.object.contains_key(member) {
            checks.add(&[json!(member)], "A follow-up takes no new files: launch a new agent for them");
        }
    }
    checks.finish()?;
    prompt.ok_or_else(|| Problem::issue("prompt", "Expected an object with text"))
}

fn prompt(checks: &mut Checks, body: &Map<String, Value>, decoded: &[Decoded]) -> Option<Prompt> {
    let prompt = body.get("prompt").filter(|prompt| !prompt.is_null())?;
    let Some(prompt) = prompt.as_object() else {
        checks.add(&[json!("prompt")], "Expected an object with text");
        return None;
    };
    let text = prompt.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if text.is_none() {
        checks.add(&[json!("prompt"), json!("text")], "Expected a text that is not blank");
    }
    let images = images::check(checks, prompt.get("images"), decoded);
    Some(Prompt { text: Some(text?.to_owned()), images })
}

/// The ids by slot, if the body has any such map.
fn inputs(checks: &mut Checks, body: &Map<String, Value>, alias: bool) -> Option<BTreeMap<String, Vec<String>>> {
    let given = |name: &str| body.get(name).filter(|inputs| !inputs.is_null());
    let name = match (given("inputs"), given("workflowInputs")) {
        (Some(_), None) => "inputs",
        (None, Some(_)) if alias => "workflowInputs",
        (None, None) => return None,
        (_, Some(_)) => {
            checks.add(&[json!("workflowInputs")], "Its name is inputs");
            return None;
        }
    };
    let Some(slots) = given(name).and_then(Value::as_object) else {
        checks.add(&[json!(name)], "Expected an object of arrays of UUIDs");
        return None;
    };
    Some(slots.iter().map(|(slot, ids)| (slot.clone(), checks.uuids(Some(ids), &[json!(name), json!(slot)]))).collect())
}

fn given(ids: &[String], slot: Option<&String>, path: &[Value]) -> Vec<Given> {
    let at = |index: usize| path.iter().cloned().chain([json!(index)]).collect();
    ids.iter().enumerate().map(|(index, id)| Given { id: id.clone(), slot: slot.cloned(), path: at(index) }).collect()
}
