//! Steps that wait for somebody or something: tasks, approval groups, messages, timers.
//! Invariant: the pool of a task is written down with the successors of its offices already followed, so that no reader needs the roster of that day.
//! Never: a person picked by the engine; a task is offered to a pool and taken by whoever claims it.

use chrono::NaiveTime;

use crate::calendar::{Roll, Span, TermQuery, Unit};
use crate::definition::graph::{Heard, Node, NodeIx, NodeKind, Pool, TaskRule};
use crate::engine::case::{Local, TaskPool, Waits};
use crate::engine::decide::posts_of_office;
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::standing::is_recused;
use crate::engine::walk::Ending;
use crate::expr::Value;
use crate::ids::{Moment, Name};

/// The hour at which a B post is asked: that of reminders unless said otherwise.
const BACKUP_HOUR: u32 = 9;

impl Draft<'_> {
    pub fn offer_task(&mut self, spot: Spot, node: &Node, rule: &TaskRule) -> Step<()> {
        let task = self.local();
        let pool = self.pool_of(spot.scope, rule)?;
        let pool = self.staffed(spot.scope, pool);
        self.place(spot, node, Waits::Task(task))?;
        self.open_task(task, spot, node, pool);
        Ok(())
    }

    /// From now on nobody has the task: when that lasts, the B post is asked too.
    pub fn arm_backup(&mut self, task: Local, rule: &TaskRule) {
        let posted = self.case.tasks.get(&task).is_some_and(|open| open.claimed.is_none() && matches!(open.pool, TaskPool::Posts { .. }));
        let Some(span) = rule.backup_after.filter(|_| posted) else { return };
        // A day on which nobody works ends nobody's chance to claim it: the B post is asked on the morning of the next working day.
        let over = self.facts.calendar.due(&TermQuery { roll_over: Roll::Never, ..TermQuery::plain(self.facts.now.date(), span) }).date();
        let morning = over.and_then(|last| self.facts.calendar.shift(last, 1, Unit::Working));
        if let Some(at) = morning.zip(NaiveTime::from_hms_opt(BACKUP_HOUR, 0, 0)).map(|(day, time)| Moment::at(day, time)) {
            self.emit(Event::BackupArmed { task, at });
        }
    }

    pub fn open_task(&mut self, task: Local, spot: Spot, node: &Node, pool: TaskPool) {
        let at = self.facts.now;
        self.emit(Event::TaskOpened { task, scope: spot.scope, token: spot.token, step: node.key.clone(), group: None, pool, at });
        if let NodeKind::Task(rule) = &node.kind {
            self.arm_backup(task, rule);
        }
    }

    /// Whom a task asks in this case: of the pool's offices those that its expression names, or all of them when it names none.
    pub fn pool_of(&mut self, scope: Local, rule: &TaskRule) -> Step<TaskPool> {
        let (Some(of), Pool::Posts { offices, post }) = (&rule.of, &rule.by) else { return Ok(self.resolve(&rule.by)) };
        let named = self.value(scope, of)?;
        let names = |office: &Name, value: &Value| matches!(value, Value::Text(text) if **office == **text);
        let wanted = |office: &&Name| match &named {
            Value::List(all) => all.iter().any(|one| names(office, one)),
            one => names(office, one),
        };
        let wanted: Vec<Name> = offices.iter().filter(wanted).cloned().collect();
        let offices = if wanted.is_empty() { offices.clone() } else { wanted };
        Ok(self.resolve(&Pool::Posts { offices, post: post.clone() }))
    }

    pub fn resolve(&self, pool: &Pool) -> TaskPool {
        match pool {
            Pool::Applicant => TaskPool::Applicant,
            Pool::Posts { offices, post } => {
                let today = self.facts.now.date();
                let mut current: Vec<Name> = Vec::with_capacity(offices.len());
                for office in offices {
                    let office = self.facts.roster.current(office, today);
                    if !current.contains(&office) {
                        current.push(office);
                    }
                }
                TaskPool::Posts { offices: current, post: post.clone() }
            }
        }
    }

    /// Who is asked when somebody is kept from the matter: the pool, or the B post or a leader of the office when nobody else is in it.
    pub fn staffed(&self, scope: Local, pool: TaskPool) -> TaskPool {
        let recused = self.ancestry(scope).iter().any(|above| self.case.scopes.get(above).is_some_and(|above| !above.recused.is_empty()));
        let TaskPool::Posts { offices, post } = &pool else { return pool };
        if !recused {
            return pool;
        }
        let today = self.facts.now.date();
        let anybody = |post: &Name| {
            let holders = offices.iter().flat_map(|office| self.facts.roster.holders(office, post, today));
            holders.into_iter().any(|person| !is_recused(&self.case, scope, person.id))
        };
        let found = posts_of_office(post).into_iter().find(anybody);
        found.map_or_else(|| pool.clone(), |post| TaskPool::Posts { offices: offices.clone(), post })
    }

    /// Waits for a message; a wait for an account takes, or keeps, the case's place in its line.
    pub fn await_message(&mut self, spot: Spot, node: &Node, (name, heard, queue_for): (&Name, Heard, Option<NodeIx>)) -> Step<()> {
        let waits = match heard {
            Heard::Kept if self.case.kept.contains(name) => {
                self.emit(Event::MessageUsed { name: name.clone() });
                return self.leave(spot, &Name::from("received"), Ending::default());
            }
            Heard::Message | Heard::Kept => Waits::Message(name.clone()),
            Heard::Signal => Waits::Signal(name.clone()),
        };
        self.place(spot, node, waits)?;
        let Some(post) = queue_for else { return Ok(()) };
        let post = self.node(spot.scope, post)?;
        let NodeKind::Post { account, amount, .. } = &post.kind else { return Err(broken(&format!("{} queues for no account", node.key))) };
        let (account, amount) = self.wanted(spot.scope, account, amount)?;
        let since = self.scope(spot.scope)?.short_since.get(&account).copied().unwrap_or(self.facts.now);
        self.emit(Event::Queued { token: spot.token, account, amount, since });
        Ok(())
    }

    pub fn set_timer(&mut self, spot: Spot, node: &Node, span: Span) -> Step<()> {
        let timer = self.local();
        let from = self.facts.now.date();
        self.place(spot, node, Waits::Timer(timer))?;
        let at = self.period_over(from, span);
        self.emit(Event::TimerSet { timer, token: spot.token, event: None, from, at });
        Ok(())
    }

    /// Puts the first token of a scope on its way.
    pub fn start_token(&mut self, scope: Local, node: NodeIx) {
        let token = self.local();
        self.arrivals.push_back(Spot { token, scope, node, back_to: None, side: None });
    }
}
