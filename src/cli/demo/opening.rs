//! What has happened when the demonstration opens: one project holds land and an idle plot is on offer, so that the pages of land and funds have figures.
//! Invariant: each act is done by the invented person whose post it is, through the same door as every act. Never: anything in a database that has a case already.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::execute::{Act, Answer, Order};
use crate::app::failure::Fault;
use crate::app::queries::CaseFilter;
use crate::app::seed::{ProjectSeed, Seeds};
use crate::cli::Trouble;
use crate::engine::case::TaskPool;
use crate::identity::Actor;
use crate::ids::{CaseId, PersonId, Tenant};

/// A project of the seeds and the steps it has behind it: step, outcome, opinion.
type Behind = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

const OPENING: [Behind; 2] = [
    (
        "P0",
        &[
            ("park-check", "support", "产业、投资强度、容积率符合要求，支持。"),
            ("one-map", "ok", "不涉永久基本农田和生态保护红线。"),
            ("match_idle", "none", "无合适存量用地。"),
        ],
    ),
    (
        "S-07",
        &[
            ("survey", "idle", "现场查看，厂区停用两年以上。"),
            ("confirm", "confirmed", "符合闲置认定条件。"),
            ("audit", "pass", "同意认定。"),
            ("list", "listed", "材料齐全，挂牌公告。"),
        ],
    ),
];

/// Plays it, unless somebody has filed something already.
///
/// # Errors
/// What was refused or broke.
pub async fn play(app: &App, tenant: Tenant) -> Result<(), Trouble> {
    let seeds = Seeds::embedded().map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let projects: BTreeMap<&str, &ProjectSeed> =
        seeds.tenants.get(&tenant).into_iter().flat_map(|seeds| &seeds.projects).map(|project| (&*project.key, project)).collect();
    for (key, behind) in OPENING {
        let Some(project) = projects.get(key) else { continue };
        let filter = CaseFilter { workflow: Some(project.workflow.to_string()), ..CaseFilter::default() };
        let filed = app.store().cases(tenant, &filter, 1).await.map_err(|cause| Fault::new("looking for the opening's cases", cause))?;
        if !filed.is_empty() {
            continue;
        }
        let act = Act::Start { workflow: project.workflow.clone(), form: Some(project.form_after(0)), rank: ORDINARY };
        let order = Order { tenant, case: None, actor: Actor::Person(project.applicant), command_id: None, act };
        let case = app.execute(order).await?.case;
        for (step, outcome, opinion) in behind {
            answer(app, (tenant, case), (step, outcome, opinion)).await?;
        }
    }
    Ok(())
}

/// Rank of a case nobody has admitted.
const ORDINARY: i16 = 9;

async fn answer(app: &App, (tenant, case): (Tenant, CaseId), (step, outcome, opinion): (&str, &str, &str)) -> Result<(), Trouble> {
    let working = app.working(tenant, case).await?;
    let open = working.state.tasks.iter().find(|(_, task)| *task.step == *step);
    let known = app.known(tenant).await?;
    let doer = |pool: &TaskPool| -> Option<PersonId> {
        let TaskPool::Posts { offices, post } = pool else { return None };
        let on = app.clock().now().date();
        offices.iter().find_map(|office| known.roster.holders(office, post, on).first().map(|person| person.id))
    };
    let (task, person) = open
        .and_then(|(id, task)| Some((*id, doer(&task.pool)?)))
        .ok_or_else(|| Trouble(format!("the demonstration's opening found no open `{step}` that somebody may answer")))?;
    let answer = Answer { opinion: Some(opinion.to_owned()), ..Answer::default() };
    let act = Act::Complete { task, outcome: outcome.into(), answer };
    let order = Order { tenant, case: Some(case), actor: Actor::Person(person), command_id: None, act };
    let _receipt = app.execute(order).await?;
    Ok(())
}
