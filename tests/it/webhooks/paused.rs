//! What waits for a paused subscription costs the others nothing, however much it is, and is taken up in order when it is resumed.

use greenlane::app::webhooks::{HookAct, HookMessage};
use greenlane::store::ClaimTexts;

use super::{change, opened, operator, subscribed};
use crate::sms::gateway::TestGateway;
use crate::spine::node::{Where, on_both};
use crate::tamper::meddler::Meddler;

const HELD: usize = 10_000;

fn ids(messages: &[HookMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.id.as_str()).collect()
}

/// Makes a message the newest of as many, each a millisecond older than the next. They are short, so that reading all of them looks cheap to a planner.
fn multiply(meddler: &Meddler<'_>, hook: &str) {
    meddler.run(&format!(
        "insert into hook_messages (tenant, id, case_id, hook, kind, body, at, next_attempt_at)
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {})
         select tenant, id || '_' || n.i, case_id, hook, kind, {}, at - n.i, at - n.i from hook_messages, n where hook = '{hook}'",
        HELD - 1,
        meddler.bytes("7b7d"),
    ));
}

/// How the database goes about a statement with these values, line by line. It is undone.
fn plan(meddler: &Meddler<'_>, text: &str, values: &[(&str, &str)]) -> Vec<String> {
    let rows = match meddler {
        Meddler::Sqlite(_) => {
            let filled = values.iter().enumerate().fold(text.to_owned(), |text, (place, (_, value))| text.replace(&format!("${}", place + 1), value));
            meddler.rows(&format!("explain query plan {filled}"))
        }
        Meddler::Postgres(_) => {
            // Planned as a statement that was prepared long ago, for whatever values.
            let kinds: Vec<&str> = values.iter().map(|(kind, _)| *kind).collect();
            let given: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
            meddler.rows(&format!(
                "begin; set local plan_cache_mode = force_generic_plan; prepare asked({}) as {text};
                 explain (analyze, buffers, costs off, timing off, summary off) execute asked({}); rollback",
                kinds.join(", "),
                given.join(", ")
            ))
        }
    };
    // What the planner itself read of the catalogue does not count.
    rows.into_iter().map(|row| row.join(" ")).take_while(|line| line != "Planning:").collect()
}

/// Whether a plan steps into an index at the subscription, and reads a handful of pages.
fn looks(meddler: &Meddler<'_>, tenant: &str, hook: &str) {
    let texts = match meddler {
        Meddler::Sqlite(_) => ClaimTexts::SQLITE,
        Meddler::Postgres(_) => ClaimTexts::POSTGRES,
    };
    let (far, name) = ("9000000000000", format!("'{hook}'"));
    let next = plan(meddler, texts.next, &[("integer", tenant), ("text", "''")]);
    let claim = plan(meddler, texts.claim, &[("bigint", far), ("bigint", far), ("bigint", far), ("bigint", "48"), ("integer", tenant), ("text", &name)]);
    for lines in [&next, &claim] {
        assert!(lines.iter().any(|line| line.contains("hook_messages_turn")), "{lines:#?}");
        assert!(lines.iter().all(|line| !line.contains("Seq Scan") && !line.contains("SCAN hook_messages") && !line.contains("TEMP B-TREE")), "{lines:#?}");
        // SQLite says by how much of an index it steps into it.
        for line in lines.iter().filter(|line| line.contains("SEARCH hook_messages")) {
            assert!(line.contains("hook_messages_turn (tenant=? AND hook") || line.contains("PRIMARY KEY (tenant=? AND id=?)"), "{lines:#?}");
        }
        // PostgreSQL says what it read: 10,000 messages are some hundred pages.
        let pages = |line: &String| -> usize {
            let counts = line.split_whitespace().filter_map(|word| word.strip_prefix("hit=").or_else(|| word.strip_prefix("read=")));
            counts.map(|count| count.parse::<usize>().unwrap()).sum()
        };
        let most = lines.iter().filter(|line| line.contains("Buffers:")).map(pages).max();
        assert!(most.is_none_or(|pages| pages < 60), "{lines:#?}");
    }
}

#[test]
fn what_waits_for_a_paused_subscription_costs_the_others_nothing() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let url = |path: &str| format!("http://{}/{path}", receiver.address());
        let (held, _) = subscribed(&node, &url("held"), &["case.started"]).await;
        let (live, _) = subscribed(&node, &url("live"), &["case.started"]).await;
        change(&node, HookAct::Pause { id: held.clone() }).await.unwrap();
        node.start("pair", None).await.unwrap();
        let meddler = Meddler::into(&node.place);
        multiply(&meddler, &held);
        // Whether or not the database has counted what there is by now.
        for _ in 0..2 {
            looks(&meddler, &node.tenant.to_string(), &live);
            meddler.run("analyze");
        }
        // One turn: the one that counts is told, and nothing of the 10,000 older ones was touched.
        node.crew.turn(greenlane::workers::Role::Hooks).await.unwrap();
        assert_eq!(receiver.asked().iter().map(|asked| asked.path.clone()).collect::<Vec<_>>(), ["/live"]);
        assert_eq!(meddler.rows(&format!("select count(*) from hook_messages where hook = '{held}' and (fence > 0 or state <> 0)")), [["0"]]);
        assert_eq!(node.app.claim_hooks().await.unwrap().len(), 0, "a worker that finds nothing rests");
        // Resumed, all of it is due at once, the oldest first, and the other still has its share.
        let told = change(&node, HookAct::Resume { id: held.clone() }).await.unwrap();
        assert!(told[0].contains("10000 messages"), "{told:?}");
        node.start("pair", None).await.unwrap();
        let claimed = node.app.claim_hooks().await.unwrap();
        let oldest = meddler.rows(&format!("select id from hook_messages where hook = '{held}' order by at limit 24")).concat();
        assert_eq!(ids(&claimed)[..24], oldest);
        assert_eq!(claimed[24..].iter().map(|message| message.url.as_deref()).collect::<Vec<_>>(), [Some(url("live").as_str())]);
        node.holds().await;
    });
}

#[test]
fn what_waited_for_a_subscription_that_ends_while_paused_is_given_up() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let (id, _) = subscribed(&node, &format!("http://{}/", receiver.address()), &["case.started"]).await;
        change(&node, HookAct::Pause { id: id.clone() }).await.unwrap();
        node.start("pair", None).await.unwrap();
        change(&node, HookAct::End { id: id.clone() }).await.unwrap();
        node.crew.drain().await.unwrap();
        let (line, parked) = node.app.webhook(node.tenant, &operator(), &id).await.unwrap();
        assert_eq!((line.waiting, line.parked, receiver.asked().len()), (0, 1, 0));
        assert!(parked[0].answer.contains("the subscription has ended"), "{parked:?}");
        node.holds().await;
    });
}
