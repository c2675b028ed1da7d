//! One case with everything its pages show: state, acts, bodies, and who may do what in it now.
//! Invariant: all of it is of one version, and every "may" is the answer of `identity::may` to the standing the engine itself would take. Never: a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::fields::{filler_copy, reader_copy};
use crate::app::known::Known;
use crate::app::queries::reading;
use crate::app::register;
use crate::app::writer::Working;
use crate::audit::leaf::{Leaf, Who};
use crate::calendar::Calendar;
use crate::definition::graph::{Bundle, ExtendRule, Node, Program, TermRule};
use crate::engine::case::{BodyRef, Local, TaskPool, Term};
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::engine::refusal::Class;
use crate::engine::standing;
use crate::engine::viewing;
use crate::forms::Form;
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};
use crate::limits::CASE_ACTS_PER_READ_MAX;

/// A case as its pages read it.
pub struct Casefile {
    /// Its state and its row.
    pub working: Working,
    /// Its acts, oldest first.
    pub entries: Vec<Entry>,
    /// Forms and opinions that were not erased, by commitment.
    pub bodies: BTreeMap<Digest, Value>,
    /// The workflow it runs with all it calls.
    pub bundle: Arc<Bundle>,
    /// People, offices, calendar.
    pub known: Arc<Known>,
    /// The moment it was read.
    pub now: Moment,
}

/// One act.
pub struct Entry {
    /// Its place in the case.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// What the command was.
    pub kind: String,
    /// Who acted.
    pub who: Who,
    /// The digest of its leaf.
    pub leaf: Digest,
    /// What happened.
    pub events: Vec<Event>,
}

/// How far the case is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// How many of its acts stand in the log.
    pub acts: i64,
    /// The log's size at its newest checkpoint, and when that was signed.
    pub checkpoint: Option<(i64, Moment)>,
}

/// A term that may be extended, and whether this person may.
pub struct Extension<'f> {
    /// The rule.
    pub rule: &'f ExtendRule,
    /// What `identity::may` says.
    pub verdict: Verdict,
}

impl App {
    /// The case people mean by a text: an id, a case's number, or the number of one of its links.
    ///
    /// # Errors
    /// `unknown_case`, or a fault.
    pub async fn case_named(&self, tenant: Tenant, text: &str) -> Result<CaseId, Failure> {
        if let Ok(case) = text.parse() {
            return Ok(case);
        }
        match self.case_by_number(tenant, text).await {
            Err(Failure::Refused(refused)) => match text.split_once('-') {
                Some((case, _)) => self.case_by_number(tenant, case).await,
                None => Err(Failure::Refused(refused)),
            },
            found => found,
        }
    }

    /// A case with everything its pages show.
    ///
    /// # Errors
    /// `unknown_case`, or a fault naming what cannot be read.
    pub async fn casefile(&self, tenant: Tenant, case: CaseId) -> Result<Casefile, Failure> {
        if case == register::case_of(tenant) {
            return Err(refusal("unknown_case", Class::NotFound, "没有这个办件。", "cannot find this case").into());
        }
        let working = self.working(tenant, case).await?;
        let known = self.known(tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let entries = self.entries(&working).await?;
        let mut bodies = BTreeMap::new();
        for (commit, bytes) in self.store().bodies(tenant, case).await.map_err(reading("reading the bodies of a case"))? {
            let body = serde_json::from_slice(&bytes).map_err(|cause| Fault::new(format!("reading body {commit} of case {case}"), cause))?;
            bodies.insert(commit, body);
        }
        Ok(Casefile { working, entries, bodies, bundle, known, now: self.clock().now() })
    }

    async fn entries(&self, working: &Working) -> Result<Vec<Entry>, Fault> {
        let (tenant, case, version) = (working.row.tenant, working.row.id, working.row.version);
        let (mut entries, mut after) = (Vec::new(), 0);
        while after < version {
            let rows = self.store().acts(tenant, case, after, CASE_ACTS_PER_READ_MAX).await.map_err(reading("reading acts"))?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in rows.into_iter().filter(|row| row.seq <= version) {
                let doing = || format!("reading act {} of case {case}", row.seq);
                let events = serde_json::from_slice(&row.events).map_err(|cause| Fault::new(doing(), cause))?;
                let leaf = Leaf::parse(&row.leaf).map_err(|cause| Fault::new(doing(), cause))?;
                entries.push(Entry { seq: row.seq, at: row.at, kind: row.kind, who: leaf.actor, leaf: Leaf::digest(&row.leaf), events });
            }
        }
        Ok(entries)
    }

    /// How far a case is sealed.
    ///
    /// # Errors
    /// A fault.
    pub async fn sealed(&self, file: &Casefile) -> Result<Sealed, Fault> {
        let row = &file.working.row;
        let acts = self.store().sealed_acts(row.tenant, row.id).await.map_err(reading("reading the log of a case"))?;
        let checkpoint = self.store().checkpoint().await.map_err(reading("reading the newest checkpoint"))?;
        Ok(Sealed { acts, checkpoint: checkpoint.map(|checkpoint| (checkpoint.size, checkpoint.at)) })
    }
}

impl Casefile {
    /// The calendar of the part of the region it lies in.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        self.known.calendar.of(self.working.state.district.as_deref())
    }

    pub(in crate::app) fn with_facts<T>(&self, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
        let (balances, counters) = (BTreeMap::new(), BTreeMap::new());
        ask(&Facts {
            now: self.now,
            bundle: &self.bundle,
            target: None,
            calendar: self.calendar(),
            roster: &self.known.roster,
            bodies: &self.bodies,
            balances: &balances,
            counters: &counters,
            leases: &BTreeMap::new(),
        })
    }

    /// Whether somebody may read it.
    #[must_use]
    pub fn may_read(&self, person: PersonId, posts: &[(Name, Name)]) -> Verdict {
        let case = &self.working.state;
        let own = |offices: &[Name]| posts.iter().any(|(office, _)| offices.contains(office));
        let asked = |pool: &TaskPool| match pool {
            TaskPool::Applicant => false,
            TaskPool::Posts { offices, .. } => own(offices),
        };
        // An office that had a step keeps its part in the case after the step is done.
        let had = self.entries.iter().flat_map(|entry| &entry.events).any(|event| matches!(event, Event::TaskOpened { pool, .. } if asked(pool)));
        // Whoever a case was made known to may read what they were told of.
        let involved = had || case.copied.contains(&person);
        let standing = Standing { applicant: case.applicant == person, involved, ..Standing::of(posts.to_vec()) };
        may(&Actor::Person(person), Act::ReadCase, &standing)
    }

    /// Whether somebody may do something to an open task.
    #[must_use]
    pub fn may_on_task(&self, act: Act, task: Local, person: PersonId) -> Verdict {
        let standing =
            self.with_facts(|facts| Standing { task: standing::to_task(&self.working.state, facts, task, person), ..standing::in_office(facts, person) });
        may(&Actor::Person(person), act, &standing)
    }

    /// Everybody who could answer a task today.
    #[must_use]
    pub fn eligible(&self, task: Local) -> Vec<PersonId> {
        self.with_facts(|facts| standing::eligible(&self.working.state, facts, task)).into_iter().collect()
    }

    /// Whether and by whom a running term may be extended; `None` when its rule allows none, or it was extended.
    #[must_use]
    pub fn extension(&self, term: &Term, person: PersonId) -> Option<Extension<'_>> {
        let rule = self.rule(term)?.extend.as_ref().filter(|_| term.extended.is_none())?;
        let approver = self.with_facts(|facts| crate::engine::decide::may_extend(&self.working.state, facts, (term, rule), person));
        let standing = Standing { approver, ..Standing::default() };
        Some(Extension { rule, verdict: may(&Actor::Person(person), Act::Extend, &standing) })
    }

    /// Whether somebody may state why a date has passed; `None` when it has not, or is a step's own.
    #[must_use]
    pub fn may_state_reason(&self, term: &Term, person: PersonId) -> Option<Verdict> {
        let asked = self.with_facts(|facts| crate::engine::decide::asks_reason(&self.working.state, facts, term));
        if !asked || !term.has_passed(self.now.date()) || self.working.state.ended.is_some() {
            return None;
        }
        let in_charge = self.with_facts(|facts| crate::engine::decide::answers_for(&self.working.state, facts, term, person));
        Some(may(&Actor::Person(person), Act::StateReason, &Standing { in_charge, ..Standing::default() }))
    }

    /// A form of the case, or of an answer in it, as one person reads it.
    #[must_use]
    pub fn form_for(&self, form: &Form, person: PersonId) -> Form {
        reader_copy(form, &self.working, (&self.known, &self.bundle, self.now), person)
    }

    /// A form of an answer as somebody who works on the step fills it in.
    #[must_use]
    pub fn form_at(&self, form: &Arc<Form>, (person, step): (PersonId, &Name)) -> Arc<Form> {
        filler_copy(form, &self.working, (&self.known, &self.bundle, self.now), (person, step))
    }

    /// The form of a scope as somebody who works on a step of it fills it in, and what stands in it.
    #[must_use]
    pub fn filling(&self, scope: Local, by: (PersonId, &Name)) -> Option<(Arc<Form>, Value)> {
        let state = &self.working.state;
        let form = viewing::form_of(state, &self.bundle, scope)?;
        let stands = state.scopes.get(&viewing::form_holder(state, &self.bundle, scope)).and_then(|holder| holder.form);
        let value = stands.and_then(|stands| self.bodies.get(&stands.commit)).cloned().unwrap_or_default();
        Some((self.form_at(&form, by), value))
    }

    /// The rule a term runs by.
    #[must_use]
    pub fn rule(&self, term: &Term) -> Option<&TermRule> {
        let case = &self.working.state;
        let program = self.program(&case.scopes.get(&term.scope)?.program)?;
        let rules = match term.token {
            None => &program.limits,
            Some(token) => &program.nodes.get(usize::from(case.tokens.get(&token)?.node.0))?.terms,
        };
        rules.iter().find(|rule| rule.key == term.key)
    }

    /// A program of the case.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.bundle.programs.get(name).map(|program| &**program)
    }

    /// A step of a program.
    #[must_use]
    pub fn node(&self, program: &str, step: &str) -> Option<&Node> {
        self.program(program)?.nodes.iter().find(|node| *node.key == *step)
    }

    /// What a person is called.
    #[must_use]
    pub fn name(&self, person: PersonId) -> String {
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    /// The standing authorisation by which the case's order was issued.
    #[must_use]
    pub fn standing_authority(&self) -> Option<&str> {
        let form = self.working.state.scopes.get(&0)?.form?;
        self.bodies.get(&form.commit)?.get("standing_authority")?.as_str().filter(|document| !document.is_empty())
    }

    /// The opinion of a body.
    #[must_use]
    pub fn opinion(&self, body: Option<BodyRef>) -> Opinion<'_> {
        let Some(body) = body else { return Opinion::None };
        match self.bodies.get(&body.commit) {
            None => Opinion::Erased,
            Some(body) => body.get("opinion").and_then(Value::as_str).map_or(Opinion::None, Opinion::Said),
        }
    }

    /// The fields of an answer.
    #[must_use]
    pub fn fields(&self, body: Option<BodyRef>) -> Option<&Value> {
        self.bodies.get(&body?.commit)?.get("fields")
    }
}

/// What was said with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion<'f> {
    /// This.
    Said(&'f str),
    /// Nothing; the outcome needs none.
    None,
    /// It was erased; its commitment stays in the record.
    Erased,
}
