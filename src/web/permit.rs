//! Asking `identity::may` for a page: reading, exporting, issuing, moving the clock.
//! Invariant: no page decides a permission by itself. Never: a page shown in part to somebody who may not see it.

use crate::app::App;
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// Lets the visitor through, or says why not.
pub fn permit(app: &App, visitor: &Visitor, act: Act) -> Result<(), Trouble> {
    match asked(app, visitor, act) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(why) => Err(Trouble::from(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() })),
    }
}

/// Whether the visitor may: for what a page offers.
#[must_use]
pub fn allows(app: &App, visitor: &Visitor, act: Act) -> bool {
    asked(app, visitor, act) == Verdict::Allowed
}

fn asked(app: &App, visitor: &Visitor, act: Act) -> Verdict {
    let standing = Standing { posts: visitor.posts.clone(), clock_moves: app.clock().can_move(), ..Standing::default() };
    may(&visitor.actor(), act, &standing)
}
