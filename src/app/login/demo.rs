//! Signing in without a password, on a demonstration: as anybody of its story.
//! Invariant: only where the database itself says that it is a demonstration; `serve` refuses such a database. Never: a password that everybody knows.

use super::{Attempt, storing};
use crate::app::App;
use crate::app::clockwork::OFFSET_SETTING;
use crate::app::failure::{Failure, Fault, refusal};
use crate::engine::refusal::Class;
use crate::ids::Moment;

/// Those whom a first look needs: who applies, who receives, who decides on each link, who supervises, audits and operates.
pub const STORY: [&str; 14] = [
    "chen",
    "ez-ldxz.handler",
    "ez-ldz.leader",
    "ez-zwzx.receiver",
    "ez-fgw.liaison",
    "ez-sthj.receiver",
    "ez-sthj.handler",
    "ez-sthj.deputy-head",
    "ez-gdkfq.handler",
    "ez-zrzy.handler",
    "ez-jrb.handler",
    "ez-ldxz.sup-clerk",
    "ez-ldxz.auditor",
    "ez-zwzx.operator",
];

impl App {
    /// Whether this is the database of a demonstration. The clock alone does not say so: tests have one that stands still.
    ///
    /// # Errors
    /// A fault.
    pub async fn is_demonstration(&self) -> Result<bool, Fault> {
        Ok(self.clock().can_move() && self.store().setting(OFFSET_SETTING).await.map_err(storing)?.is_some())
    }

    /// Begins a session as one of the people of a demonstration; the attempt's password is not looked at.
    ///
    /// # Errors
    /// `not_a_demonstration`, `unknown_person`, or a fault.
    pub async fn sign_in_demo(&self, attempt: &Attempt, now: Moment) -> Result<String, Failure> {
        if !self.is_demonstration().await? {
            let (zh, en) = ("这里不是演示环境，请用密码登录。", "cannot sign in without a password: this is no demonstration");
            return Err(refusal("not_a_demonstration", Class::Forbidden, zh, en).into());
        }
        let found = self.found_by_login(&attempt.login).await?.filter(|found| !found.person.disabled);
        let Some(found) = found else {
            let login = &attempt.login;
            let (zh, en) = (format!("没有登录名为“{login}”的人员。"), format!("cannot find a person with the login `{login}`"));
            return Err(refusal("unknown_person", Class::NotFound, zh, en).into());
        };
        Ok(self.begin_session(&found, attempt, None, now).await?)
    }
}
