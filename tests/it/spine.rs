//! The spine from outside: orders through `app::execute` on both databases, what they leave in the store, and what a second look finds.

mod moves;
pub mod node;
mod published;
pub mod quota;
mod race;
mod take_back;

use greenlane::app::execute::{Act, Order};
use greenlane::identity::Actor;
use greenlane::ids::CommandId;
use node::{Node, Where, on_both};
use serde_json::json;

#[test]
fn a_case_of_thirteen_commands_ends_and_its_record_holds() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let case = node.start("thirteen", Some(json!({"text": "x".repeat(2000)}))).await.unwrap();
        node.answer(case, "accept", "accepted").await.unwrap();
        for step in ["fgw", "hbj", "gtj", "czj"] {
            node.answer(case, step, "agree").await.unwrap();
        }
        let receipt = node.answer(case, "decide", "granted").await.unwrap();
        assert_eq!(receipt.version, 13);
        let working = node.app.working(node.tenant, case).await.unwrap();
        assert_eq!(working.row.result.as_deref(), Some("granted"));
        node.crew.drain().await.unwrap();
        node.holds().await;
    });
}

#[test]
fn the_same_command_with_its_keys_in_another_order_is_the_same_command() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let (actor, command_id) = (Actor::Person(node.person("chen").await), Some(CommandId::of("a start")));
        let start = async |form: &str| {
            let act = Act::Start { workflow: "thirteen".into(), form: serde_json::from_str(form).unwrap(), rank: 9 };
            node.app.execute(Order { tenant: node.tenant, case: None, actor: actor.clone(), command_id, act }).await
        };
        let first = start(r#"{"text": "x", "rows": {"b": 1, "a": 2}}"#).await.unwrap();
        let again = start(r#"{"rows": {"a": 2, "b": 1}, "text": "x"}"#).await.unwrap();
        assert_eq!((again.case, again.repeated), (first.case, true));
        assert!(start(r#"{"rows": {"a": 1, "b": 2}, "text": "x"}"#).await.is_err(), "another form under the same id");
    });
}
