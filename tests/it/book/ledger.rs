//! The ledger in two copies (WH 四（四）): from one snapshot, with one digest, and every changed byte named; later work does not change it.

use greenlane::app::frozen::FreezeAsked;
use greenlane::exports::frozen::{Place, check};
use greenlane::identity::Actor;

use crate::apply::desk::Desk;
use crate::spine::node::{Where, on_both};

const MIDDLE: (&str, u32, u32) = ("2025-03-31", 12, 0);
const LATER: (&str, u32, u32) = ("2025-04-16", 12, 0);
const SUPERVISOR: &str = "ez-ldxz.sup-clerk";
const HANDLER: &str = "ez-sthj.handler";

fn command_of(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"command\" value=\"").expect("the page has a form");
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn seed_13_two_copies_of_a_quarter_have_one_digest_and_one_changed_byte_is_named() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(MIDDLE).await;
        let page = desk.get(SUPERVISOR, "/ledger?period=2025Q1").await;
        page.says("佐证材料").says("L11 获得加分事项的证明").says("冻结本期台账");
        let command = command_of(&page.body());
        let form = [("command", command.as_str()), ("period", "2025Q1"), ("unit", "")];
        let frozen = desk.post(SUPERVISOR, "/ledger/freeze", &form).await.to();
        let copies = [desk.get(SUPERVISOR, &format!("{frozen}/1")).await, desk.get(SUPERVISOR, &format!("{frozen}/2")).await];
        let [one, two] = &copies;
        let checked = [one, two].map(|copy| check(&copy.bytes).unwrap_or_else(|broken| panic!("{broken}")));
        assert_eq!(checked[0].digest, checked[1].digest, "one payload");
        assert!(checked[0].rows > 10, "{}", checked[0].rows);
        assert_eq!(checked[0].copy[1..4], ["1", "各相关单位自存", "区级考核"]);
        assert_eq!(checked[1].copy[1..4], ["2", "区创新办", "市级考核"]);
        let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        let (first, second) = (lines(&one.bytes), lines(&two.bytes));
        let differing: Vec<usize> = (0..first.len()).filter(|line| first[*line] != second[*line]).collect();
        assert_eq!(differing, [first.len() - 1], "the copies differ in the line of the copy and nowhere else");
        // One byte of the third row, in the name of the step.
        let at = first[..4].iter().map(|line| line.len() + 2).sum::<usize>() + first[4].find("GC").unwrap_or(first[4].len() / 2);
        let mut changed = one.bytes.clone();
        changed[at] ^= 1;
        let broken = check(&changed).unwrap_err();
        assert_eq!(broken.place, Place::Row(3), "{broken}");
        assert!(broken.column.is_some() && broken.zh().contains("第 3 行"), "{}", broken.zh());
        desk.get(SUPERVISOR, &frozen).await.says("第 1 份").says("市级考核").says(&checked[0].digest.to_string());
        desk.get("ez-ldxz.auditor", "/audit/exports").await.says("台账（一式两份）").says("区创新办");
        // What happens later is in no copy of it.
        desk.house.play_on(Some(MIDDLE), LATER).await;
        let again = check(&desk.get(SUPERVISOR, &format!("{frozen}/1")).await.bytes).unwrap();
        assert_eq!(again.digest, checked[0].digest);
        desk.house.holds().await;
        desk.close().await;
    });
}

#[test]
fn freezing_unluckily_freezes_one_ledger_for_each_time_it_was_meant() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(("2025-03-12", 12, 0)).await;
        let form = |command: &str| [("command", command.to_owned()), ("period", "2025Q1".to_owned()), ("unit", "ez-sthj".to_owned())];
        let send = async |command: &str| {
            let form = form(command);
            let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            desk.post(SUPERVISOR, "/ledger/freeze", &pairs).await
        };
        let command = command_of(&desk.get(SUPERVISOR, "/ledger").await.body());
        let (one, two) = tokio::join!(send(&command), send(&command));
        let back = send(&command).await;
        assert_eq!((one.to(), two.to()), (back.to(), back.to()), "sent twice and again it is one ledger");
        let frozen = || async { desk.house.node.app.frozen_ledgers(desk.house.tenant).await.unwrap() };
        assert_eq!(frozen().await.len(), 1);
        // From another tab it is meant once more, a moment later.
        assert!(desk.house.clock.set(greenlane::ids::Moment(desk.house.clock.now().0 + 60_000)));
        let other = command_of(&desk.get(SUPERVISOR, "/ledger").await.body());
        assert_ne!(send(&other).await.to(), back.to());
        assert_eq!(frozen().await.len(), 2);
        assert!(desk.house.clock.set(greenlane::ids::Moment(desk.house.clock.now().0 + 60_000)));
        // The session ended meanwhile: nothing is done, and the form waits.
        let third = command_of(&desk.get(SUPERVISOR, "/ledger").await.body());
        let form = form(&third);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = crate::apply::desk::urlencoded(&pairs);
        let late = desk.send_too_late("/ledger/freeze", &body).await;
        assert_eq!((late.status, frozen().await.len()), (401, 2));
        assert!(!late.hidden("kept").is_empty());
        // The connection is gone before the answer: it is done once, and sent again it is the same.
        desk.send_and_lose(desk.house.session(SUPERVISOR), "/ledger/freeze", &body).await;
        send(&third).await.to();
        assert_eq!(frozen().await.len(), 3);
        // Who watches over one office sees that office's, and freezes nothing.
        assert_eq!(desk.post(HANDLER, "/ledger/freeze", &pairs).await.status, 403);
        assert_eq!(desk.get(HANDLER, "/ledger?unit=ez-fgw").await.status, 403);
        desk.get(HANDLER, "/ledger").await.says("市生态环境局");
        assert_eq!(desk.get("chen", "/ledger").await.status, 403);
        assert_eq!(desk.get(SUPERVISOR, "/ledger?period=2025Q9").await.status, 422);
        desk.close().await;
    });
}

#[test]
fn a_ledger_of_an_unknown_office_or_period_is_not_frozen_and_one_of_an_office_holds_its_steps_alone() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(MIDDLE).await;
        let (app, tenant) = (&desk.house.node.app, desk.house.tenant);
        let operator = || Actor::Operator("test".to_owned());
        let asked = |period: &str, unit: Option<&str>| FreezeAsked { period: period.to_owned(), unit: unit.map(str::to_owned), link: None };
        for (wrong, code) in [(asked("2025Q7", None), "period_not_read"), (asked("2025Q1", Some("nobody")), "unknown_office")] {
            let failure = app.freeze_ledger(tenant, operator(), None, &wrong).await.expect_err("frozen");
            assert!(failure.to_string().contains(code) || format!("{failure:?}").contains(code), "{failure:?}");
        }
        let whole = app.freeze_ledger(tenant, operator(), None, &asked("2025Q1", None)).await.unwrap();
        let one = app.freeze_ledger(tenant, operator(), None, &asked("2025Q1", Some("ez-sthj"))).await.unwrap();
        // The old name leads to the same steps: what the bureau did before it was succeeded stays its own.
        let old = app.freeze_ledger(tenant, operator(), None, &asked("2025Q1", Some("ez-hbj"))).await.unwrap();
        assert!(one.rows > 0 && one.rows < whole.rows, "{} of {}", one.rows, whole.rows);
        assert_eq!(one.rows, old.rows);
        let before = app.freeze_ledger(tenant, operator(), None, &asked("2024Q4", None)).await.unwrap();
        assert_eq!(before.rows, 0);
        assert!(app.ledger_copy(tenant, operator(), &one.id, 3).await.is_err(), "there are two copies");
        let copy = app.ledger_copy(tenant, operator(), &one.id, 2).await.unwrap();
        assert_eq!(check(copy.as_bytes()).unwrap().digest, one.digest);
        desk.close().await;
    });
}
