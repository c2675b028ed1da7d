//! What the storm does with tasks and groups beside answering them.

use greenlane::definition::graph::{Ballots, GroupPass, OnRefusal, Vote};
use greenlane::engine::case::{Added, Adding, BodyRef, Local, Task, TaskPool};
use greenlane::engine::command::{Actor, Command, MemberRef, NewGroup, Recipient};
use greenlane::engine::groups::asked_before;
use greenlane::identity::absence::Absence;

use super::random_flow::PEOPLE;
use super::storm::Storm;
use super::world::person;

/// Seats above which no more are added: otherwise one group grows for ever.
const SEATS_ENOUGH: usize = 5;

impl Storm {
    /// A verb that is not an answer.
    pub fn some_verb(&mut self, run: usize, task: Local, body: Option<BodyRef>) -> Command {
        let open = self.world.case(run).tasks.get(&task).cloned();
        let asked = self.world.case(run).tasks.iter().find(|(_, task)| task.delegate.is_some()).map(|(id, _)| *id);
        // A recusal that waits keeps nobody from the task, so it would hardly ever be decided by chance alone.
        let recusal = self.world.case(run).tasks.values().any(|task| task.recusal.is_some());
        if recusal && self.chance.percent(40) {
            return self.some_recusal(run, task, body);
        }
        match self.chance.below(17) {
            0..=2 => self.some_signers(run, task, body),
            3 => Command::RemoveSigner { member: self.some_member(run, task), body },
            4..=5 => {
                let post = open.filter(|_| self.chance.percent(20)).map(|_| "head");
                let to = post.map_or_else(|| Recipient::Person(person(self.some_name())), |post| Recipient::Post(post.into()));
                Command::Transfer { task, to, body }
            }
            6..=7 => Command::Delegate { task, to: person(self.some_name()), body },
            8 => Command::Reply { task: asked.unwrap_or(task), body },
            9..=10 => self.some_take_back(run, body),
            11 => self.some_recusal(run, task, body),
            12 => Command::Copy { to: vec![person(self.some_name()), person(self.some_name())], task: Some(task), body },
            13 => Command::Urge { task, body },
            14 => Command::Comment { task: None, body },
            15 => {
                self.somebody_leaves();
                Command::Claim { task }
            }
            _ => Command::Recall { task: asked.unwrap_or(task) },
        }
    }

    fn some_take_back(&mut self, run: usize, body: Option<BodyRef>) -> Command {
        let fresh = self.world.case(run).fresh.clone();
        match self.chance.pick(&fresh) {
            Some(act) => Command::TakeBack { scope: act.scope, step: act.step.clone(), body },
            None => Command::Comment { task: None, body },
        }
    }

    /// Whose act is taken back, mostly.
    pub fn taker(&self, run: usize, scope: Local, step: &str) -> Actor {
        let found = self.world.case(run).fresh.iter().find(|fresh| fresh.scope == scope && *fresh.step == *step);
        Actor::Person(found.map_or_else(|| person("ann"), |fresh| fresh.by))
    }

    /// One recusal for a case, so that somebody is always left.
    fn some_recusal(&mut self, run: usize, task: Local, body: Option<BodyRef>) -> Command {
        let case = self.world.case(run);
        let waiting = case.tasks.iter().find(|(_, task)| task.recusal.is_some()).map(|(id, _)| *id);
        let any = case.scopes.values().any(|scope| !scope.recused.is_empty());
        match waiting {
            Some(task) => Command::DecideRecusal { task, agreed: !any, body },
            None => {
                // Mostly somebody the task asks.
                let post = case.tasks.get(&task).and_then(|open| if let TaskPool::Posts { post, .. } = &open.pool { Some(post.clone()) } else { None });
                let asked: Vec<&str> = PEOPLE.iter().filter(|(_, _, held)| post.as_deref() == Some(held)).map(|(name, _, _)| *name).collect();
                let of = if self.chance.percent(80) { self.chance.pick(&asked).copied() } else { None };
                let of = of.unwrap_or_else(|| self.some_name());
                Command::AskRecusal { task, of: person(of), body }
            }
        }
    }

    /// Somebody is away for some days, and a colleague stands in.
    fn somebody_leaves(&mut self) {
        let (who, office, post) = PEOPLE[self.chance.below(PEOPLE.len())];
        let (from, days) = (self.world.now.date(), self.chance.below(9) as u64);
        let substitute = Some(person(self.some_name())).filter(|other| *other != person(who));
        let absence = Absence {
            person: person(who),
            office: office.into(),
            post: post.into(),
            from,
            until: from + chrono::Days::new(days),
            substitute,
            called_off: false,
        };
        self.world.roster.absences.retain(|held| held.key() != absence.key());
        if self.world.roster.absences.len() < 4 {
            self.world.roster.absences.push(absence);
        }
    }

    fn some_name(&mut self) -> &'static str {
        PEOPLE[self.chance.below(PEOPLE.len())].0
    }

    fn some_signers(&mut self, run: usize, task: Local, body: Option<BodyRef>) -> Command {
        let seats = |case: &greenlane::engine::case::Case| case.groups.values().map(|group| group.seats.len() + group.to_come.len()).sum::<usize>();
        let of_group = self.world.case(run).tasks.iter().find(|(_, task)| task.group.is_some()).map(|(id, _)| *id);
        let of_group = if self.chance.percent(60) { of_group } else { Some(task) };
        if seats(self.world.case(run)) >= SEATS_ENOUGH || of_group.is_none() {
            return Command::Delegate { task, to: person(self.some_name()), body };
        }
        let posts = ["clerk", "handler", "head"];
        let count = 1 + self.chance.below(2);
        let seats = (0..count).map(|at| ("office".into(), posts[(self.chance.below(3) + at) % 3].into())).collect();
        let pass = match self.chance.below(4) {
            0 => GroupPass::All,
            1 => GroupPass::Any,
            2 => GroupPass::InOrder,
            _ => GroupPass::Vote(Vote { passes: Ballots::Count(1), refusals: None }),
        };
        let on_refusal = if self.chance.percent(50) { OnRefusal::End } else { OnRefusal::Continue };
        let place = [Adding::Before, Adding::Beside, Adding::After][self.chance.below(3)];
        Command::AddSigners { task: of_group.unwrap_or(task), place, group: NewGroup { seats, pass, on_refusal }, body }
    }

    /// An open seat, or one to come.
    fn some_member(&mut self, run: usize, task: Local) -> MemberRef {
        let to_come = self.world.case(run).groups.iter().find(|(_, group)| !group.to_come.is_empty()).map(|(id, _)| *id);
        match to_come.filter(|_| self.chance.percent(50)) {
            Some(group) => MemberRef::ToCome { group, chair: 0 },
            None => {
                let added = self.world.case(run).tasks.iter().filter(|(_, task)| task.group.is_some()).map(|(id, _)| *id).next_back();
                MemberRef::Seat(added.unwrap_or(task))
            }
        }
    }

    /// Who added the group of a seat; a leader, when nobody did.
    pub fn adder(&self, run: usize, task: Local) -> Actor {
        let case = self.world.case(run);
        let added = case.tasks.get(&task).and_then(|task| case.groups.get(&task.group?)?.added.clone());
        Actor::Person(added.map_or_else(|| person("hal"), |added| added.by))
    }

    /// Who was asked about a task.
    pub fn asked(&self, run: usize, task: Local) -> Actor {
        let delegate = self.world.case(run).tasks.get(&task).and_then(|task| task.delegate);
        Actor::Person(delegate.unwrap_or_else(|| person("ann")))
    }

    /// The task itself, or one that must be answered before it: a seat waits for those its holder asked first.
    pub fn unblocked(&self, run: usize, first: (Local, Task)) -> (Local, Task) {
        let case = self.world.case(run);
        // A seat, or the task of one decider, that asked others first, and an answer that waits for others.
        let asked_first = |id: &Local, task: &Task| match task.group {
            Some(group) => asked_before(case, group, *id) == Some(None),
            // Whoever decides alone hears them all, also after one of them refused.
            None => {
                let before = |added: &Added| added.to == *id && added.place == Adding::Before;
                case.groups.values().any(|group| group.settled.is_none() && group.added.as_ref().is_some_and(before))
            }
        };
        let waits = |id: &Local, task: &Task| task.held.is_some() || asked_first(id, task);
        // A question that stands was taken back before; one whose asked person has left stands no more.
        let found = case.tasks.iter().find(|(id, task)| !waits(id, task));
        found.map_or(first, |(id, task)| (*id, task.clone()))
    }

    /// Whether those a seat asked first have refused, so that it can only refuse too.
    pub fn refused_before(&self, run: usize, task: Local) -> bool {
        let case = self.world.case(run);
        let group = case.tasks.get(&task).and_then(|task| task.group);
        group.is_some_and(|group| asked_before(case, group, task) == Some(Some(false)))
    }
}
