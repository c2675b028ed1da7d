//! What a case is called in a list: the name of its project, the subject of an order or a reform item, or else the plot, the project's code or the period it is about, read off the form as last submitted.
//! Invariant: one rule for every list and export. Never: a name that stands in no submission.

use serde_json::Value;

use crate::engine::event::Event;
use crate::store::rows::BodyRow;

/// The fields a form may hold the name in, the first that is there.
pub const NAMES: [&str; 7] = ["project_name", "project", "name", "subject", "plot_code", "project_code", "period"];
/// The scope of the application itself; a link's own papers name no project.
const ROOT: u32 = 0;

/// The project's name on a form.
#[must_use]
pub fn project(form: &Value) -> Option<&str> {
    NAMES.iter().find_map(|key| form.get(key)?.as_str()).map(str::trim).filter(|name| !name.is_empty())
}

/// The name an act's submission brings; `None` when the act submits no application, or one without a name.
#[must_use]
pub fn submitted(events: &[Event], bodies: &[BodyRow]) -> Option<String> {
    let form = events.iter().rev().find_map(|event| match event {
        Event::Submitted { holder: ROOT, form, .. } => Some(form.commit),
        _ => None,
    })?;
    let body = bodies.iter().find(|body| body.commit == form)?;
    let form: Value = serde_json::from_slice(&body.bytes).ok()?;
    project(&form).map(str::to_owned)
}
