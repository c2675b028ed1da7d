//! `kill -9` of the program while it sends, again and again, at the worst moment there is: the mail server has the text, and the record does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use greenlane::app::execute::{Act, Order};
use greenlane::app::operate::Operation;
use greenlane::clock::Clock;
use greenlane::config::Config;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use greenlane::limits::NOTICES_AT_ONCE_MAX;
use greenlane::store::Target;

use super::verdict::{copies, key_of, recorded_once};
use crate::audit::dice::Dice;
use crate::smtp_sink::{At, Fails, SmtpSink, USER};
use crate::spine::node::{MORNING, Where, on_both, open_with, times};
use crate::storm::server::{self, Server};
use crate::storm::verdict::end_leases;
use crate::storm::{TENANT, given_up};

/// As many as one turn of the delivery worker claims, or fewer.
const TURN: usize = 48;

/// How a node is told of the sink, as an operator would write it.
fn settings(sink: &SmtpSink) -> String {
    let mut text = String::from(
        "digest: 0 0 0 1 1 *\nreports:\n  weekly: 0 0 0 1 1 *\n  monthly: 0 0 0 1 1 *\nmail:\n  smtp:\n    host: localhost\n    tls: starttls\n    from: gl@greenlane.example.invalid\n",
    );
    let (ca, password) = (sink.ca_file(), sink.password_file());
    write!(text, "    port: {}\n    user: {USER}\n    password-file: {}\n    root-certificate: {}\n", sink.port(), password.display(), ca.display()).unwrap();
    text
}

/// A database whose outbox holds `count` mails that nobody has sent yet.
async fn prepare(place: &Where, config: &Config, count: usize) -> Vec<CaseId> {
    greenlane::store::Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
    let (app, crew) = open_with(config.clone(), place.target.clone(), Clock::standing(MORNING), server::home(place)).await;
    let pair = BTreeMap::from([("pair.yaml".to_owned(), include_str!("../spine/pair.yaml").to_owned())]);
    let operations = [
        Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() },
        Operation::Seed { files: greenlane::app::seed::embedded_files() },
        Operation::Publish { files: pair, workflows: Vec::new() },
    ];
    for operation in operations {
        app.operate(TENANT, Actor::Operator("test".to_owned()), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
    let known = app.known(TENANT).await.unwrap();
    let chen = known.roster.people.values().find(|person| person.login == "chen").unwrap().id;
    let mut cases = Vec::new();
    for _ in 0..count / 2 {
        let act = Act::Start { workflow: "pair".into(), form: None, rank: 9 };
        let order = Order { tenant: TENANT, case: None, actor: Actor::Person(chen), command_id: None, act };
        cases.push(app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}")).case);
    }
    app.store().close().await;
    drop((app, crew, known));
    given_up(place);
    cases
}

/// Kills `kills` servers over their mail, each when `more` of it has arrived; answers how many connections there were before each life, and at the end.
async fn killed(place: &Where, sink: &SmtpSink, kills: usize, mut more: impl FnMut() -> usize, between: impl Fn(&Where)) -> Vec<usize> {
    // The connections that a life opened come after those of the lives before it.
    let mut lives = Vec::new();
    for life in 0..kills {
        lives.push(sink.connections());
        // Every second life is caught for sure with a text that was taken and not answered; the others wherever they are.
        if life % 2 == 0 {
            sink.plan(At::Text, Fails::Hangs);
        }
        let so_far = sink.mails().len();
        let running = Server::start(place).await;
        sink.wait_for(so_far + more()).await;
        running.kill().await;
        sink.plan_nothing();
        between(place);
    }
    lives.push(sink.connections());
    lives
}

/// Ends the leases of a killed worker and the hours it opened; here nobody waits for them.
fn end_hours(place: &Where) {
    end_leases(place);
    for text in ["update notice_hours set open_until = 0", "update notices set next_attempt_at = 0 where state = 0"] {
        match (&place.target, &place.database) {
            (_, Some(database)) => drop(database.sql(text)),
            (Target::Sqlite(folder), None) => drop(rusqlite::Connection::open(folder.join("greenlane.db")).unwrap().execute(text, []).unwrap()),
            (Target::Postgres { .. }, None) => panic!("a PostgreSQL place has its database"),
        }
    }
}

#[test]
fn a_worker_killed_over_folds_loses_none_of_their_notices_and_sends_a_fold_again_under_its_own_name() {
    on_both(async |place: Where| {
        let kills = times(4, 20);
        // More than the folds of all lives take, so that each life has some to make.
        let count = kills * 60;
        let sink = SmtpSink::start().await;
        std::fs::create_dir_all(server::home(&place)).unwrap();
        let text = format!("{}fold-minutes: 60\n", settings(&sink));
        std::fs::write(server::home(&place).join(greenlane::config::FILE), &text).unwrap();
        let config = Config::parse(&text, "greenlane.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let cases = prepare(&place, &config, count).await;
        let lives = killed(&place, &sink, kills, || 1, end_hours).await;
        let (app, crew) = open_with(config, place.target.clone(), Clock::Machine, server::home(&place)).await;
        // An hour takes at least what is claimed in one turn.
        for _ in 0..=count / TURN {
            crew.drain().await.unwrap();
            end_hours(&place);
        }
        let lines = recorded_once(&app, TENANT, &cases, "mail").await;
        assert_eq!((lines.len(), lines.values().filter(|line| line.sent == Some(true)).count()), (count, count));
        // What a notice left as: the fold it is in, or itself alone.
        let left: BTreeSet<&String> = lines.iter().map(|(key, line)| line.fold.as_ref().unwrap_or(key)).collect();
        assert!(left.len() * 2 < count, "most left together: {} messages for {count} notices", left.len());
        let mails: Vec<_> = sink.mails().into_iter().map(|mail| (key_of(&mail.message_id), mail.connection)).filter(|(name, _)| left.contains(name)).collect();
        let life_of = |connection: usize| lives.iter().filter(|before| **before < connection).count();
        let in_a_life = copies(mails.iter().map(|(name, connection)| format!("{name} in life {}", life_of(*connection))));
        assert!(in_a_life.values().all(|copies| *copies == 1), "one process sent a message twice: {in_a_life:?}");
        let all = copies(mails.into_iter().map(|(name, _)| name));
        assert_eq!(all.len(), left.len(), "every message arrived");
        let again: usize = all.values().map(|copies| copies - 1).sum();
        assert!(again >= kills / 2, "the lives that were caught between send and record left a second copy each: {again}");
        assert!(again <= kills * NOTICES_AT_ONCE_MAX, "no more than were under way when a process died: {again}");
        println!(
            "{kills} kills over folds: {count} notices in {} messages, 0 lost, 0 recorded twice; {again} arrived again with the same Message-ID, each once a crash",
            left.len()
        );
        app.store().close().await;
    });
}

#[test]
fn a_worker_killed_between_send_and_record_loses_nothing_and_records_nothing_twice() {
    on_both(async |place: Where| {
        let (count, kills) = (times(160, 1_000), times(4, 20));
        let sink = SmtpSink::start().await;
        std::fs::create_dir_all(server::home(&place)).unwrap();
        std::fs::write(server::home(&place).join(greenlane::config::FILE), settings(&sink)).unwrap();
        let config = Config::parse(&settings(&sink), "greenlane.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let cases = prepare(&place, &config, count).await;
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).unwrap();
        println!("the kills' seed is {}", u64::from_le_bytes(seed));
        let mut dice = Dice::new(u64::from_le_bytes(seed));
        // A life takes a little more than it is waited for; together they must leave something for each.
        let more = || 1 + usize::try_from(dice.below(u64::try_from(count / kills / 2).unwrap())).unwrap();
        let lives = killed(&place, &sink, kills, more, end_leases).await;
        let (app, crew) = open_with(config, place.target.clone(), Clock::Machine, server::home(&place)).await;
        crew.drain().await.unwrap();
        let lines = recorded_once(&app, TENANT, &cases, "mail").await;
        assert_eq!((lines.len(), lines.values().filter(|line| line.sent == Some(true)).count()), (count, count));
        let mails: Vec<_> =
            sink.mails().into_iter().map(|mail| (key_of(&mail.message_id), mail.connection)).filter(|(key, _)| lines.contains_key(key)).collect();
        let life_of = |connection: usize| lives.iter().filter(|before| **before < connection).count();
        let in_a_life = copies(mails.iter().map(|(key, connection)| format!("{key} in life {}", life_of(*connection))));
        assert!(in_a_life.values().all(|copies| *copies == 1), "one process sent a mail twice: {in_a_life:?}");
        let all = copies(mails.into_iter().map(|(key, _)| key));
        assert_eq!(all.len(), count, "every mail arrived");
        let again: usize = all.values().map(|copies| copies - 1).sum();
        assert!(again >= kills / 2, "the lives that were caught between send and record left a second copy each: {again}");
        assert!(again <= kills * NOTICES_AT_ONCE_MAX, "no more than were under way when a process died: {again}");
        println!(
            "{kills} kills between send and record: {count} notices, 0 lost, 0 recorded twice; {again} arrived again with the same Message-ID, each once a crash"
        );
        app.store().close().await;
    });
}
