//! Sixty-four clients reserve, use, release and carry over at random on ten accounts, on both databases.
//! Invariant: postings sum to the balances, no bucket is ever below zero, and every balance is what a model of the answers comes to. Never: a seed that is not printed.

use std::collections::BTreeMap;

use futures::future::join_all;
use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order, RegisterRows};
use greenlane::app::failure::Failure;
use greenlane::app::known::AccountTitle;
use greenlane::app::operate::Operation;
use greenlane::app::postings::ByDocument;
use greenlane::app::register::put;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, PersonId};
use greenlane::store::rows::{PostingKind, RegistryRow};
use serde_json::json;

use crate::engine::chance::Chance;
use crate::spine::node::{Node, Where, on_both, times};

const CLIENTS: usize = 64;
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const YEARS: [&str; 2] = ["2025", "2026"];

/// Free, reserved, used, written off, issued.
type Buckets = [i64; 5];

/// What one client was answered, and what that does to the accounts.
#[derive(Default)]
struct Told {
    moves: BTreeMap<String, Buckets>,
    reserved: usize,
    used: usize,
    released: usize,
    carried: usize,
    short: usize,
}

impl Told {
    fn moved(&mut self, account: &str, kind: PostingKind, amount: i64) {
        let buckets = self.moves.entry(account.to_owned()).or_default();
        buckets.iter_mut().zip(kind.moves(amount)).for_each(|(bucket, moved)| *bucket += moved);
    }
}

fn key(year: &str, name: &str) -> String {
    format!("trial/{year}/{name}")
}

async fn open_accounts(node: &Node, issued: i64) {
    let operator = || Actor::Operator("test".to_owned());
    let files = [
        ("trial.yaml", include_str!("trial.yaml")),
        ("forms/trial.yaml", include_str!("trial_form.yaml")),
        ("accounts/trial.yaml", include_str!("trial_account.yaml")),
    ];
    let publish = Operation::Publish { files: files.map(|(name, text)| (name.to_owned(), text.to_owned())).into(), workflows: Vec::new() };
    node.app.operate(node.tenant, operator(), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    for (year, name) in YEARS.iter().flat_map(|year| NAMES.map(|name| (*year, name))) {
        let account = key(year, name);
        let title = AccountTitle { zh: format!("试验 {year} {name}"), en: format!("Trial {year} {name}"), unit: "m2".to_owned() };
        let titled = json!({"zh": title.zh, "en": title.en}).to_string();
        let row = RegistryRow::Account { tenant: node.tenant, account: account.clone(), unit: "m2".to_owned(), title: titled };
        let registry = vec![row, put(&node.app, node.tenant, "account", &account, &title).unwrap()];
        node.app
            .record(node.tenant, operator(), "account-opened", json!({"account": account}), RegisterRows { registry, ..RegisterRows::default() })
            .await
            .unwrap();
        let posting = ByDocument { account, kind: "issue".to_owned(), amount: issued, document: "测试〔2025〕1号".to_owned(), case: None };
        let _receipt = node.app.post_by_document(node.tenant, operator(), &posting).await.unwrap();
    }
}

/// One client on one node.
struct Client<'n> {
    node: &'n Node,
    app: &'n App,
    dice: Chance,
    applicant: PersonId,
    keeper: PersonId,
    holding: Vec<(CaseId, String, i64)>,
    told: Told,
}

impl Client<'_> {
    async fn runs(mut self, acts: usize) -> Told {
        for _ in 0..acts {
            match self.dice.below(100) {
                0..45 => self.reserves().await,
                45..70 => self.settles("used", PostingKind::Use).await,
                70..90 => self.settles("returned", PostingKind::Release).await,
                _carries => self.carries_over().await,
            }
        }
        self.told
    }

    fn one_of(&mut self, some: &[&'static str]) -> &'static str {
        some[self.dice.below(some.len())]
    }

    fn amount(&mut self, most: usize) -> i64 {
        i64::try_from(1 + self.dice.below(most)).unwrap()
    }

    async fn reserves(&mut self) {
        let (year, name, amount) = (self.one_of(&YEARS), self.one_of(&NAMES), self.amount(100));
        let act = Act::Start { workflow: "trial".into(), form: Some(json!({"year": year, "name": name, "amount": amount})), rank: 9 };
        let order = Order { tenant: self.node.tenant, case: None, actor: Actor::Person(self.applicant), command_id: None, act };
        let case = self.app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        let account = key(year, name);
        if self.app.working(self.node.tenant, case).await.unwrap().state.holds.is_empty() {
            self.told.short += 1;
        } else {
            self.told.moved(&account, PostingKind::Reserve, amount);
            self.told.reserved += 1;
            self.holding.push((case, account, amount));
        }
    }

    async fn settles(&mut self, outcome: &str, kind: PostingKind) {
        if self.holding.is_empty() {
            return self.reserves().await;
        }
        let which = self.dice.below(self.holding.len());
        let (case, account, amount) = self.holding.swap_remove(which);
        let working = self.app.working(self.node.tenant, case).await.unwrap();
        let task = *working.state.tasks.keys().next().unwrap();
        let act = Act::Complete { task, outcome: outcome.into(), answer: Answer::default() };
        let order = Order { tenant: self.node.tenant, case: Some(case), actor: Actor::Person(self.keeper), command_id: None, act };
        let _receipt = self.app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}"));
        self.told.moved(&account, kind, amount);
        match kind {
            PostingKind::Use => self.told.used += 1,
            _release => self.told.released += 1,
        }
    }

    async fn carries_over(&mut self) {
        let (name, amount) = (self.one_of(&NAMES), self.amount(50));
        let posting = ByDocument { account: key("2025", name), kind: "carry-over".to_owned(), amount, document: "测试〔2025〕2号".to_owned(), case: None };
        match self.app.post_by_document(self.node.tenant, Actor::Operator("test".to_owned()), &posting).await {
            Ok(_) => {
                self.told.moved(&key("2025", name), PostingKind::CarryOver, amount);
                self.told.moved(&key("2026", name), PostingKind::CarryIn, amount);
                self.told.carried += 1;
            }
            Err(Failure::Refused(refusal)) if refusal.code == "account_short" => self.told.short += 1,
            Err(failure) => panic!("{failure}"),
        }
    }
}

/// Holds every account against its postings, walked one by one, and against the model.
async fn hold(node: &Node, model: &BTreeMap<String, Buckets>) -> usize {
    let mut postings = 0;
    for (account, expected) in model {
        let row = node.app.store().account(node.tenant, account).await.unwrap().unwrap();
        let stands = [row.free, row.reserved, row.used, row.written_off, row.issued];
        assert_eq!(stands, *expected, "{account}: the model of what was answered");
        let (mut walked, mut after) = (Buckets::default(), 0);
        loop {
            let page = node.app.store().postings(node.tenant, account, after, 5_000).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            for posting in &page {
                walked.iter_mut().zip(posting.kind.moves(posting.amount)).for_each(|(bucket, moved)| *bucket += moved);
                assert!(walked.iter().all(|bucket| *bucket >= 0), "{account}: {walked:?} after posting {}", posting.id);
            }
            postings += page.len();
        }
        assert_eq!(walked, stands, "{account}: the postings sum to the balance");
    }
    postings
}

#[test]
fn random_postings_of_sixty_four_clients_sum_to_the_balances_and_to_a_model() {
    let (acts, issued) = (times(12, 1_000), i64::try_from(times(300, 60_000)).unwrap());
    let seed = std::env::var("GREENLANE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0));
    println!("accounts: seed {seed} (GREENLANE_SEED)");
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        open_accounts(&node, issued).await;
        let nodes = node.nodes().await;
        let (applicant, keeper) = (node.person("chen").await, node.person("ez-fgw.handler").await);
        let began = std::time::Instant::now();
        let clients = nodes.iter().cycle().take(CLIENTS).zip(0_u64..).map(|(app, number)| {
            let dice = Chance(seed.wrapping_add(number.wrapping_mul(0x5851_f42d_4c95_7f2d)));
            Client { node: &node, app, dice, applicant, keeper, holding: Vec::new(), told: Told::default() }.runs(acts)
        });
        let told = join_all(clients).await;
        let took = began.elapsed();
        let opened = YEARS.iter().flat_map(|year| NAMES.map(|name| (key(year, name), PostingKind::Issue.moves(issued))));
        let mut model: BTreeMap<String, Buckets> = opened.collect();
        for (account, moves) in told.iter().flat_map(|told| &told.moves) {
            model.get_mut(account).unwrap().iter_mut().zip(moves).for_each(|(bucket, moved)| *bucket += moved);
        }
        let postings = hold(&node, &model).await;
        let sum = |of: fn(&Told) -> usize| told.iter().map(of).sum::<usize>();
        let (reserved, used, released) = (sum(|told| told.reserved), sum(|told| told.used), sum(|told| told.released));
        let (carried, short) = (sum(|told| told.carried), sum(|told| told.short));
        assert!(reserved > 0 && used > 0 && released > 0 && carried > 0 && short > 0, "each of the four happened, and somebody was short");
        assert_eq!(postings, 10 + reserved + used + released + 2 * carried);
        println!(
            "accounts: {CLIENTS} clients x {acts} on 10 accounts, {} nodes, {} s: postings sum to balances and model, none below zero",
            nodes.len(),
            took.as_secs()
        );
        println!("accounts: {reserved} reserved, {used} used, {released} released, {carried} carried over, {short} short; {postings} postings");
        node.holds().await;
    });
}
