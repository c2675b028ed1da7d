//! The spine from outside: orders through `app::execute` on both databases, what they leave in the store, and what a second look finds.

mod moves;
pub mod node;
mod published;
pub mod quota;
mod race;
mod take_back;

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
