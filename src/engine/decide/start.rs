//! Starting a case: its number, its first submission, its root scope and first token. A register is started with nothing but its name.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::engine::case::BodyRef;
use crate::engine::command::{Actor, Command};
use crate::engine::decide::{permit, person};
use crate::engine::draft::{Draft, Step, drafted, program_named};
use crate::engine::event::Event;
use crate::engine::evolve::evolve;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::engine::viewing;
use crate::identity::may::Act;
use crate::ids::{CaseId, Digest, Name, PersonId, Tenant};

/// The workflow of a register case: acts of the installation, written down by `Record`, with no token that walks.
pub const REGISTER: &str = "register";

/// The root scope's local id.
const ROOT: u32 = 0;

struct Opening<'c> {
    tenant: Tenant,
    case: CaseId,
    workflow: &'c Name,
    revision: Digest,
    form: Option<BodyRef>,
    rank: i16,
}

/// Decides a command on a case that does not exist: only a start can.
pub(super) fn decide(actor: &Actor, command: &Command, facts: &Facts<'_>) -> Decision {
    let Command::Start { tenant, case, workflow, revision, form, rank } = command else {
        return Decision::Refused(Refusal::not_found("no_such_case", "没有这个办件", "cannot act on the case: there is no such case"));
    };
    let opening = Opening { tenant: *tenant, case: *case, workflow, revision: *revision, form: *form, rank: *rank };
    let applicant = match allowed(actor, &opening, facts) {
        Ok(applicant) => applicant,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let started = opening.started(applicant, facts);
    if &**workflow == REGISTER {
        return Decision::Events(vec![started]);
    }
    let Some(case) = evolve(None, &started) else { return Decision::Events(Vec::new()) };
    let decision = drafted(case, facts, |draft| open(draft, &opening));
    match decision {
        Decision::Events(mut events) => {
            events.insert(0, started);
            Decision::Events(events)
        }
        Decision::Needs(_) | Decision::Refused(_) => decision,
    }
}

impl Opening<'_> {
    fn started(&self, applicant: PersonId, facts: &Facts<'_>) -> Event {
        Event::Started {
            tenant: self.tenant,
            case: self.case,
            workflow: self.workflow.clone(),
            revision: self.revision,
            applicant,
            rank: self.rank,
            at: facts.now,
        }
    }
}

/// Who may start it, and who is then its applicant. A register has none.
fn allowed(actor: &Actor, opening: &Opening<'_>, facts: &Facts<'_>) -> Result<PersonId, Refusal> {
    let workflow = opening.workflow;
    if &**workflow == REGISTER {
        return match actor {
            Actor::System | Actor::Operator(_) => Ok(PersonId(Uuid::nil())),
            Actor::Person(_) => Err(Refusal::forbidden("machine_only", "登记簿由系统建立", "cannot start a register: only the installation does")),
        };
    }
    // A draft that a passed date brings about is opened by the system, for nobody: people decide from its first step on (政府督查工作条例 7、11).
    let applicant = match actor {
        Actor::System => PersonId(Uuid::nil()),
        Actor::Person(_) | Actor::Operator(_) => {
            let person = person(actor, Act::StartCase)?;
            permit(actor, Act::StartCase, &standing::in_office(facts, person))?;
            person
        }
    };
    let bundle = facts.bundle;
    if bundle.root != *workflow {
        let found = &bundle.root;
        return Err(Refusal::not_found(
            "unknown_workflow",
            format!("无法开始：没有发布工作流 `{workflow}`"),
            format!("cannot start a case: expected workflow `{workflow}`, found `{found}`"),
        ));
    }
    if bundle.digest != opening.revision {
        return Err(Refusal::conflict(
            "revision_changed",
            format!("无法开始：工作流 `{workflow}` 已发布新版本，请重新打开表单"),
            format!("cannot start a case: workflow `{workflow}` was published anew, open its form again"),
        ));
    }
    let wants_form = bundle.programs.get(workflow).is_some_and(|program| program.form.is_some());
    if wants_form && opening.form.is_none() {
        return Err(Refusal::invalid("form_required", "无法开始：缺少申请表", "cannot start a case: its form is missing"));
    }
    Ok(applicant)
}

fn open(draft: &mut Draft<'_>, opening: &Opening<'_>) -> Step<()> {
    let program = program_named(&draft.facts, opening.workflow)?;
    let number = draft.number(program.number.as_ref(), None)?;
    let at = draft.facts.now;
    draft.emit(Event::ScopeOpened {
        scope: ROOT,
        program: opening.workflow.clone(),
        caller: None,
        parent: None,
        embedded: false,
        given: BTreeMap::new(),
        number,
        at,
    });
    if let Some(form) = opening.form {
        // What the system drafts may lack what only a clerk knows, and is checked when the clerk sends it on. No person starts a case for nobody.
        if !draft.case.applicant.0.is_nil() {
            let by = viewing::starter(&draft.facts, draft.case.applicant);
            draft.check_submission(ROOT, form, &by)?;
        }
        draft.hand_in((ROOT, ROOT), form)?;
    }
    draft.start_scope_terms(ROOT)?;
    draft.start_token(ROOT, program.start);
    draft.run()
}
