//! Adding members to an approval group while it is open (加签), and taking out one who has not answered (减签).
//! Invariant: the group can still be finished afterwards, and its rule is looked at again at once.
//! Never: a member taken out who has answered; an answer stands.

use crate::definition::graph::{Ballots, GroupPass, NodeKind, OnRefusal, Power, Verb, Vote};
use crate::engine::case::{Added, Adding, BodyRef, Case, Group, Local, Task, TaskPool};
use crate::engine::decide::{Asked, allowed_here, permit, person, still_open, task_for};
use crate::engine::draft::{Draft, Step, broken, drafted};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::groups::{MemberRef, NewGroup, Settler, root_of, tree};
use crate::engine::refusal::Refusal;
use crate::engine::seats;
use crate::engine::standing;
use crate::identity::may::{Act, LEADERS, Standing};
use crate::ids::PersonId;
use crate::limits::ADDED_SEATS_MAX;

/// What is added.
pub(super) struct Adds<'c> {
    pub place: Adding,
    pub group: &'c NewGroup,
    pub body: Option<BodyRef>,
}

/// Adds a group with its own rule, seen from an open seat.
pub(super) fn add(asked: Asked<'_, '_>, task: Local, adds: &Adds<'_>) -> Decision {
    let found = task_for(asked, Act::AddSigners, task).and_then(|(open, person)| {
        allowed_here(asked, open, Verb::AddSigners)?;
        let group = match open.group {
            Some(group) => group,
            None => one_decider(asked, (task, open), adds.place)?,
        };
        well_formed(asked.2, adds)?;
        reason(adds.body, "加签", "add members")?;
        Ok((group, person))
    });
    let (to, by) = match found {
        Ok(found) => found,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        room(draft, to, adds)?;
        let token = draft.case.groups.get(&to).map(|group| group.token).or_else(|| draft.case.tasks.get(&to).map(|open| open.token));
        let token = token.ok_or_else(|| broken(&format!("group {to}")))?;
        let fitted = seats::fillable(&draft.case, &draft.facts, root_of(&draft.case, to));
        // The seat that asks is its holder's: they wait for the answer.
        if draft.case.tasks.get(&task).is_some_and(|open| open.claimed != Some(by)) {
            draft.emit(Event::TaskClaimed { task, by });
        }
        let group = draft.local();
        let chairs = draft.chairs(&adds.group.seats, |_| Power::default());
        let added = Some(Added { to, seat: task, place: adds.place, by });
        let NewGroup { pass, on_refusal, .. } = *adds.group;
        draft.emit(Event::GroupOpened { group, token, pass, on_refusal, chairs, added, body: adds.body });
        if fitted && !seats::fillable(&draft.case, &draft.facts, root_of(&draft.case, to)) {
            return Err(not_fillable().into());
        }
        draft.open_due(group)
    })
}

/// Takes a member out and looks at the rule again.
pub(super) fn remove(asked: Asked<'_, '_>, member: MemberRef, body: Option<BodyRef>) -> Decision {
    let found = removable(asked, member).and_then(|found| reason(body, "减签", "take the member out").map(|()| found));
    let (by, group) = match found {
        Ok(found) => found,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let settler = Settler { by: Some(by), body, removed: true, task: None };
        let (task, chair) = match member {
            MemberRef::Seat(task) => (Some(task), None),
            MemberRef::ToCome { chair, .. } => (None, Some(chair)),
        };
        if let Some(task) = task {
            draft.close_added(group, settler, |added| added.seat == task);
        }
        draft.emit(Event::SeatRemoved { group, task, chair, by, body });
        let empty = draft.case.groups.get(&group).is_some_and(|group| group.seats.is_empty() && group.to_come.is_empty());
        if empty { draft.dissolve(group, settler) } else { draft.go_on(group, settler) }
    })
}

/// The member with its group, when this person may take it out.
fn removable((case, actor, facts): Asked<'_, '_>, member: MemberRef) -> Result<(PersonId, Local), Refusal> {
    still_open(case)?;
    let person = person(actor, Act::RemoveSigner)?;
    let missing = || Refusal::not_found("no_such_member", "没有这个待签成员：已经签过或不存在", "cannot take the member out: it has answered or never was");
    let id = match member {
        MemberRef::Seat(task) => case.tasks.get(&task).and_then(|task| task.group).ok_or_else(missing)?,
        MemberRef::ToCome { group, .. } => group,
    };
    let group = case.groups.get(&id).ok_or_else(missing)?;
    if let MemberRef::ToCome { chair, .. } = member
        && usize::from(chair) >= group.to_come.len()
    {
        return Err(missing());
    }
    permit(actor, Act::RemoveSigner, &Standing { remover: is_remover((case, facts), group, person), ..standing::in_office(facts, person) })?;
    let left = group.seats.len() + group.to_come.len();
    if left < 2 && group.added.is_none() {
        return Err(Refusal::conflict("last_member", "无法减签：这是最后一名成员", "cannot take the member out: it is the group's last"));
    }
    Ok((person, id))
}

/// Whoever added the group; for the members its author named, a leader of an office that sits in it, where the author allows it.
fn is_remover((case, facts): (&Case, &Facts<'_>), group: &Group, person: PersonId) -> bool {
    if let Some(added) = &group.added {
        return added.by == person;
    }
    let node = case.tokens.get(&group.token).and_then(|token| {
        let program = facts.bundle.programs.get(&case.scopes.get(&token.scope)?.program)?;
        program.nodes.get(usize::from(token.node.0))
    });
    let Some(node) = node.filter(|node| node.verbs.allow(Verb::RemoveSigner)) else { return false };
    let NodeKind::Approve(rule) = &node.kind else { return false };
    let offices: Vec<_> = rule.seats.iter().map(|(office, _)| office.clone()).collect();
    let today = facts.now.date();
    LEADERS.iter().any(|post| facts.roster.holds(person, &offices, &(*post).into(), today))
}

/// A task that one person decides may have members added to it too; an applicant's may not, and papers that were handed in are not held back.
fn one_decider((case, _, facts): Asked<'_, '_>, (task, open): (Local, &Task), place: Adding) -> Result<Local, Refusal> {
    let hands_in = match standing::node_of(case, facts, open).map(|node| &node.kind) {
        Some(NodeKind::Task(rule)) => rule.edits_form && place != Adding::Before,
        _ => true,
    };
    if hands_in || matches!(open.pool, TaskPool::Applicant) {
        let (zh, en) = (
            "无法加签：申请人的待办不能加签，修改申请表的步骤只能前加签",
            "cannot add members: not to an applicant's task, and only before one that edits the form",
        );
        return Err(Refusal::invalid("not_a_group", zh, en));
    }
    Ok(task)
}

fn not_fillable() -> Refusal {
    Refusal::conflict(
        "seats_not_fillable",
        "无法加签：没有足够的不同人员填满各席位",
        "cannot add members: there are not enough different people to fill every seat",
    )
}

pub(super) fn reason(body: Option<BodyRef>, zh: &str, en: &str) -> Result<(), Refusal> {
    if body.is_some() {
        return Ok(());
    }
    Err(Refusal::invalid("reason_required", format!("无法{zh}：须写明理由"), format!("cannot {en}: a reason is required")))
}

/// A group that is added says everything an author's group says, of offices and posts that somebody holds.
fn well_formed(facts: &Facts<'_>, adds: &Adds<'_>) -> Result<(), Refusal> {
    let NewGroup { seats, pass, on_refusal } = adds.group;
    let wrong = |zh: &str, en: &str| Err(Refusal::invalid("added_group_wrong", format!("无法加签：{zh}"), format!("cannot add members: {en}")));
    if seats.is_empty() || seats.len() > ADDED_SEATS_MAX {
        return wrong("成员须为 1 至 20 席", "expected 1 to 20 seats");
    }
    if *on_refusal == OnRefusal::Return {
        return wrong("所加的组不能自行退回", "an added group cannot send the case back by itself");
    }
    let votes = u32::try_from(seats.len()).unwrap_or(u32::MAX);
    if let GroupPass::Vote(Vote { passes: Ballots::Count(count), .. }) = pass
        && (*count == 0 || *count > votes)
    {
        return wrong("票数不可能达到", "expected no more votes than there are seats");
    }
    let today = facts.now.date();
    let vacant = seats.iter().find(|(office, post)| facts.roster.holders(office, post, today).is_empty());
    if let Some((office, post)) = vacant {
        let zh = format!("无法加签：`{office}` 的 `{post}` 岗位没有人");
        return Err(Refusal::invalid("nobody_in_post", zh, format!("cannot add members: nobody holds `{post}` in `{office}`")));
    }
    Ok(())
}

/// A bound on how much is added, and no second question before the first is answered.
fn room(draft: &Draft<'_>, group: Local, adds: &Adds<'_>) -> Step<()> {
    let root = root_of(&draft.case, group);
    let tree = tree(&draft.case, root);
    let seats: usize = tree.iter().filter_map(|id| draft.case.groups.get(id)).map(|group| group.seats.len() + group.to_come.len()).sum();
    if seats + adds.group.seats.len() <= ADDED_SEATS_MAX * 3 {
        return Ok(());
    }
    Err(Refusal::conflict("too_many_seats", "无法加签：席位已过多", "cannot add members: the group has too many seats").into())
}
