//! The seeds: right as they are shipped, and every way of getting them wrong is named with its place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use greenlane::app::seed::{Seeds, embedded_files};
use greenlane::identity::phone::{NOBODYS_CODE, is_phone};
use greenlane::ids::{Name, Tenant};
use greenlane::store::rows::PostingKind;

const EZHOU: Tenant = Tenant(420_700);
const WUHAN: Tenant = Tenant(420_113);

fn shipped() -> Seeds {
    Seeds::embedded().unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes).join("\n")))
}

fn demo_day() -> NaiveDate {
    "2025-03-03".parse().unwrap()
}

fn lines(mistakes: &[greenlane::source::Mistake]) -> Vec<String> {
    mistakes.iter().map(ToString::to_string).collect()
}

/// The shipped files with `from` replaced by `to` in one of them; what the reader says of it, in English.
fn planted(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = embedded_files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{file} no longer contains `{from}`");
    *text = text.replacen(from, to, 1);
    let place = |mistake: &greenlane::source::Mistake| format!("{}:{}:{}: {}", mistake.file, mistake.line, mistake.column, mistake.en);
    Seeds::load(&files).map_or_else(|mistakes| mistakes.iter().map(place).collect(), |_| Vec::new())
}

#[test]
fn the_offices_are_those_of_the_two_plans_and_the_rest_says_so() {
    let seeds = shipped();
    let named = |tenant: Tenant, heading: &str| {
        let offices = seeds.tenants[&tenant].roster.offices.values();
        offices.filter(|office| office.seed == heading).map(|office| office.key.to_string()).collect::<BTreeSet<_>>()
    };
    // The leading group itself and its 19 members.
    assert_eq!(named(EZHOU, "EZ:四（一）加强组织领导").len(), 20);
    assert_eq!(seeds.tenants[&WUHAN].roster.offices.values().filter(|office| office.seed == "none").count(), 0);
    assert_eq!(seeds.tenants[&WUHAN].roster.offices.len(), 23);
    for key in ["ez-zwzx", "ez-ldxz", "ez-gdkfq", "hb-zrzy", "demo-bank", "demo-fund", "demo-assessor", "ez-zrzy"] {
        assert!(named(EZHOU, "none").contains(key), "{key}");
    }
}

#[test]
fn in_2025_the_old_offices_answer_through_their_successors() {
    let seeds = shipped();
    let roster = &seeds.tenants[&EZHOU].roster;
    let now = |key: &str| roster.offices[&roster.current(&key.into(), demo_day())].zh.clone();
    let pairs = [
        ("ez-gtj", "市自然资源和规划局"),
        ("ez-ghj", "市自然资源和规划局"),
        ("ez-hbj", "市生态环境局"),
        ("ez-gsj", "市税务局"),
        ("ez-dsj", "市税务局"),
        ("ez-gsxz", "市市场监督管理局"),
        ("ez-zjj", "市市场监督管理局"),
        ("ez-nw", "市农业农村局"),
        ("ez-jxw", "市经济和信息化局"),
        ("ez-fgw", "市发改委"),
    ];
    for (old, new) in pairs {
        assert_eq!(now(old), new, "{old}");
    }
    let in_2017 = NaiveDate::from_ymd_opt(2017, 8, 17).unwrap();
    assert_eq!(&*roster.current(&"ez-gtj".into(), in_2017), "ez-gtj");
    assert!(!roster.holders(&"ez-hbj".into(), &"head".into(), demo_day()).is_empty());
}

#[test]
fn every_person_is_made_up_reachable_by_nobody_and_named_by_a_post() {
    let seeds = shipped();
    let mut ids = BTreeSet::new();
    for roster in seeds.tenants.values().map(|tenant| &tenant.roster) {
        for person in roster.people.values() {
            assert!(ids.insert(person.id), "{} stands twice", person.login);
            assert_eq!(person.id.0.get_version_num(), 4, "{}", person.login);
            assert!(person.email.as_ref().is_some_and(|address| address.ends_with("@example.invalid")), "{}", person.login);
            assert!(person.phone.as_ref().is_none_or(|number| number.starts_with(NOBODYS_CODE) && is_phone(number)), "{}", person.login);
            assert_eq!(roster.posts_of(person.id, demo_day()).len(), 1, "{} holds one post on the demonstration's first day", person.login);
        }
    }
    let ezhou = &seeds.tenants[&EZHOU].roster;
    let holder = |office: &str, post: &str| ezhou.holders(&office.into(), &post.into(), demo_day())[0].name.clone();
    assert_eq!((holder("ez-zwzx", "receiver"), holder("demo-p1", "agent")), ("李受理".to_owned(), "陈工".to_owned()));
    let after: NaiveDate = "2026-01-01".parse().unwrap();
    assert!(ezhou.holders(&"demo-p1".into(), &"agent".into(), after).is_empty(), "the agent's authorisation ends with 2025");
}

/// The story of the demonstration stands on these amounts: P0 holds four of eight hectares, so P1's five are one short.
#[test]
fn the_quota_lets_one_of_the_two_projects_wait() {
    let seeds = shipped();
    let tenant = &seeds.tenants[&EZHOU];
    let land = tenant.accounts.iter().find(|account| account.key == "land/2025/420703/new").unwrap();
    assert_eq!((land.unit.as_str(), land.postings.len()), ("m2", 1));
    let issued = &land.postings[0];
    let expected: NaiveDate = "2025-01-20".parse().unwrap();
    assert_eq!((issued.kind, issued.on, issued.amount, issued.document.as_str()), (PostingKind::Issue, expected, 80_000, "演示用地〔2025〕1号"));
    let area = |key: &str| tenant.projects.iter().find(|project| &*project.key == key).unwrap().form["area_m2"].as_i64().unwrap();
    assert!(area("P0") + area("P1") > 80_000 && area("P1") <= 80_000);
}

#[test]
fn the_uses_of_the_money_add_up_to_its_sources_and_the_total() {
    let seeds = shipped();
    let project = seeds.tenants[&EZHOU].projects.iter().find(|project| &*project.key == "P1").unwrap();
    let sum = |rows: &str, amount: &str| project.form[rows].as_array().unwrap().iter().map(|row| row[amount].as_i64().unwrap()).sum::<i64>();
    let total = project.form["total_fen"].as_i64().unwrap();
    assert_eq!((sum("uses", "amount_fen"), sum("sources", "asked_fen"), total), (32_000_000_000, 32_000_000_000, 32_000_000_000));
}

#[test]
fn an_amendment_changes_what_it_names_and_leaves_the_rest() {
    let seeds = shipped();
    let project = &seeds.tenants[&EZHOU].projects[0];
    let (first, second, last) = (project.form_after(0), project.form_after(1), project.form_after(9));
    assert_eq!((&first["policy_statement"], &second["policy_statement"]), (&false.into(), &true.into()));
    assert_eq!((&second["eia_public_version"], &last["eia_public_version"]), (&false.into(), &true.into()));
    assert_eq!(first["total_fen"], last["total_fen"]);
}

#[test]
fn each_wrong_seed_names_place_expected_and_found() {
    let cases = [
        ("offices.yaml", "key: ez-fgw, tenant: 420700", "key: ez-fgw, tenant: 420799", "23:27: expected one of the tenants of offices.yaml, found `420799`"),
        (
            "offices.yaml",
            "seed: \"EZ:四（一）加强组织领导\"}",
            "seed: 四（一）}",
            "23:90: expected `none`, or a plan (EZ, WH), a colon and a heading, found `四（一）`",
        ),
        ("offices.yaml", "until: 2018-12-31", "until: 2018-13-31", "24:129: expected a date as YYYY-MM-DD, found `2018-13-31`"),
        ("offices.yaml", "successor: ez-jxj", "successor: ez-jjj", "24:5: expected the successor of `ez-jxw` to be an office, found `ez-jjj`"),
        ("offices.yaml", "invented: [until]", "invented: [untill]", "24:171: expected a field this row has, found `untill`"),
        ("offices.yaml", "key: ez-nw", "key: ez-fgw", "25:5: expected each key once, found `ez-fgw` again"),
        ("people.yaml", "login: lin,", "login: chen,", "10:5: expected each key once, found `chen` again"),
        ("people.yaml", "chen@example.invalid", "chen@example.com", "9:78: expected an address that ends in @example.invalid, found `chen@example.com`"),
        ("people.yaml", "+99900000001", "13000000000", "9:107: expected an invented number that begins with +999, found `13000000000`"),
        ("people.yaml", "office: demo-p1", "office: demo-p7", "9:157: expected an office of offices.yaml, found `demo-p7`"),
        ("people.yaml", "invented: true", "invented: false", "5:11: expected demonstration data to say `invented: true`, found `false`"),
        ("accounts.yaml", "amount: 80000", "amount: 8.0", "12:47: expected a whole number, found `8.0`"),
        ("accounts.yaml", "amount: 80000", "amount: -1", "12:47: expected a whole number above zero, found `-1`"),
        ("accounts.yaml", "unit: m2", "unit: mu", "9:11: expected one of m2, fen, pieces, found `mu`"),
        ("projects.yaml", "set: {policy_statement: true}", "set: {policy: true, polcy: true}", "71:106: expected a field of `form`, found `polcy`"),
        ("projects.yaml", "like: N1", "like: N9", "165:11: expected a project further up in this file, found `N9`"),
        ("projects.yaml", "like: N1", "like: N2", "165:11: expected a project further up in this file, found `N2`"),
        ("projects.yaml", "applicant: chen", "applicant: wang", "10:16: expected a login of people.yaml, found `wang`"),
    ];
    let mut wrong = Vec::new();
    for (file, from, to, expected) in cases {
        let found = planted(file, from, to);
        if found.first() != Some(&format!("{file}:{expected}")) || found.len() > 2 * usize::from(from.contains("login: lin")) + 1 {
            wrong.push(format!("{from} -> {to}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let mut files = embedded_files();
    for (file, from, to) in [
        ("offices.yaml", "issued: 2016-01-07", "issued: soon"),
        ("accounts.yaml", "unit: m2", "unit: mu"),
        ("projects.yaml", "on: 2025-03-03", "on: 2025-02-30"),
    ] {
        let text = files.get_mut(file).unwrap();
        *text = text.replacen(from, to, 1);
    }
    files.insert("plots.yaml".to_owned(), String::new());
    files.remove("people.yaml");
    let mistakes = Seeds::load(&files).unwrap_err();
    let named: BTreeSet<&str> = mistakes.iter().map(|mistake| mistake.file.as_str()).collect();
    assert_eq!(named, BTreeSet::from(["accounts.yaml", "offices.yaml", "people.yaml", "plots.yaml", "projects.yaml"]));
}

#[test]
fn a_folder_without_a_file_is_told_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in embedded_files() {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    assert_eq!(Seeds::from_folder(folder.path()).unwrap().tenants.len(), 2);
    std::fs::remove_file(folder.path().join("people.yaml")).unwrap();
    let mistakes = Seeds::from_folder(folder.path()).unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].file.ends_with("people.yaml") && mistakes[0].code == "unreadable");
}

#[test]
fn posts_and_days_of_a_tenant_stay_in_it() {
    let seeds = shipped();
    let offices: BTreeMap<Tenant, BTreeSet<Name>> =
        seeds.tenants.iter().map(|(tenant, seeds)| (*tenant, seeds.roster.offices.keys().cloned().collect())).collect();
    for (tenant, seeds) in &seeds.tenants {
        assert!(seeds.roster.holdings.iter().all(|holding| offices[tenant].contains(&holding.office)), "{tenant}");
    }
}

/// What the seeds promise to the workflows that are shipped beside them.
mod with_the_workflows {
    use super::*;
    use greenlane::definition::account_kind::AmountUnit;
    use greenlane::definition::library::{self, Library};

    fn shipped_workflows() -> Library {
        library::embedded().unwrap_or_else(|found| panic!("{}", found.iter().map(|diagnostic| diagnostic.one_line()).collect::<Vec<_>>().join("\n")))
    }

    #[test]
    fn every_post_a_workflow_asks_for_is_held_on_the_first_day() {
        let (seeds, library) = (shipped(), shipped_workflows());
        let roster = &seeds.tenants[&EZHOU].roster;
        assert!(library.posts().len() > 20, "expected the posts of the shipped workflows, found {:?}", library.posts());
        let filled = |office: &str, post: &str| !roster.holders(&office.into(), &post.into(), demo_day()).is_empty();
        let vacant: Vec<String> = library.vacant(filled, &roster.posts_by_office(demo_day())).iter().map(|diagnostic| diagnostic.one_line()).collect();
        assert!(vacant.is_empty(), "{}", vacant.join("\n"));
    }

    #[test]
    fn every_project_fills_in_its_workflows_form_without_an_error() {
        let (seeds, library) = (shipped(), shipped_workflows());
        for project in &seeds.tenants[&EZHOU].projects {
            let program = library.program(&project.workflow).unwrap_or_else(|| panic!("expected a workflow `{}`", project.workflow));
            let form = program.form.as_ref().unwrap();
            for count in 0..=project.amendments.len() {
                assert_eq!(form.validate(&project.form_after(count)), Ok(()), "{} after {count} amendments", project.key);
            }
        }
    }

    #[test]
    fn every_account_is_of_a_declared_kind_and_unit() {
        let (seeds, library) = (shipped(), shipped_workflows());
        for account in &seeds.tenants[&EZHOU].accounts {
            let kind = &library.accounts()[account.key.split('/').next().unwrap()];
            let unit = match kind.unit {
                AmountUnit::SquareMetres => "m2",
                AmountUnit::Fen => "fen",
                AmountUnit::Pieces => "pieces",
            };
            assert_eq!(unit, account.unit, "{}", account.key);
        }
    }
}
