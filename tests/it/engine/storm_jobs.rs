//! Outside jobs in a storm: workers who hold a lease, who lost one, who never had one, and operators.

use greenlane::engine::case::Local;
use greenlane::engine::command::{Actor, Command};
use greenlane::ids::Moment;

use super::storm::Storm;
use super::world::person;

const WORKERS: &[&str] = &["wes", "wyn"];

impl Storm {
    /// Mostly by who fetched it last; sometimes under a number that is not theirs, or by somebody who works for no outside system.
    pub fn some_job(&mut self, run: usize) -> (Actor, Command) {
        let jobs: Vec<Local> = self.world.case(run).jobs.keys().copied().collect();
        let job = *self.chance.pick(&jobs).unwrap();
        let who = if self.chance.percent(5) { "ann" } else { WORKERS[self.chance.below(2)] };
        let open = self.world.case(run).jobs[&job].due.is_some_and(|due| due <= self.world.now);
        let newest = if open && self.chance.percent(60) { self.world.fetch(run, who, job) } else { self.newest(run, job) };
        let fence = if self.chance.percent(15) { newest - 1 + self.chance.below(3) as i64 } else { newest };
        let body = Some(self.world.opinion());
        let actor = Actor::Person(person(who));
        match self.chance.below(100) {
            0..=34 => (actor, Command::JobComplete { job, fence, body }),
            35..=69 => {
                let (retries, pause_s) = (self.chance.percent(20).then(|| self.chance.below(3) as u32), self.chance.percent(20).then_some(7));
                (actor, Command::JobFail { job, fence, body: body.filter(|_| self.chance.percent(95)), retries, pause_s })
            }
            70..=84 => (actor, Command::JobError { job, fence, error: "gone".into(), body }),
            _ => (Actor::Operator("storm".to_owned()), Command::JobRetry { job }),
        }
    }

    fn newest(&self, run: usize, job: Local) -> i64 {
        self.world.leases.get(&(self.world.case(run).id, job)).map_or(0, |lease| lease.fence)
    }

    /// Whether whoever did something with a job was the last to fetch it, by the number they came with: looked at beside the engine.
    pub fn was_held(&self, run: usize, actor: &Actor, command: &Command) -> bool {
        let (Command::JobComplete { job, fence, .. } | Command::JobFail { job, fence, .. } | Command::JobError { job, fence, .. }) = command else {
            return true;
        };
        let lease = self.world.leases.get(&(self.world.case(run).id, *job));
        lease.is_some_and(|lease| lease.fence == *fence && lease.worker.map(Actor::Person).as_ref() == Some(actor))
    }

    /// A parked job is tried again, a resting one waited for, and then it is done.
    pub fn fair_job(&mut self, run: usize, job: Local) -> (Actor, Command) {
        let Some(due) = self.world.case(run).jobs[&job].due else {
            return (Actor::Operator("storm".to_owned()), Command::JobRetry { job });
        };
        self.world.now = Moment(self.world.now.0.max(due.0));
        let fence = self.world.fetch(run, "wes", job);
        (Actor::Person(person("wes")), Command::JobComplete { job, fence, body: None })
    }
}
