//! Every act against every standing, and the sentences of a denial.

use super::*;

const ACTS: [Act; 40] = [
    Act::StartCase,
    Act::Claim,
    Act::Release,
    Act::Complete,
    Act::Return,
    Act::AddSigners,
    Act::RemoveSigner,
    Act::Transfer,
    Act::Delegate,
    Act::Reply,
    Act::Recall,
    Act::TakeBack,
    Act::AskRecusal,
    Act::DecideRecusal,
    Act::Copy,
    Act::Urge,
    Act::Comment,
    Act::Extend,
    Act::StateReason,
    Act::Withdraw,
    Act::Message,
    Act::Machine,
    Act::ReadCase,
    Act::ReadInbox,
    Act::ReadAccounts,
    Act::ReadLights,
    Act::ReadAllLights,
    Act::ReadAudit,
    Act::Export,
    Act::ReadPeople,
    Act::ManagePeople,
    Act::ManageNotices,
    Act::ManageJobs,
    Act::WorkJobs,
    Act::Publish,
    Act::IssueAccount,
    Act::Seed,
    Act::MoveClock,
    Act::ReportFigures,
    Act::ChangeIndicators,
];

fn person() -> Actor {
    PersonId(uuid::Uuid::from_bytes([7; 16])).into()
}

fn holding(post: &str) -> Standing {
    Standing::of(vec![("ez-hbj".into(), post.into())])
}

fn at_task(task: TaskStanding) -> Standing {
    Standing { task: Some(task), involved: true, ..holding("handler") }
}

fn in_pool(claim: Claim) -> TaskStanding {
    TaskStanding { in_pool: true, claim, ..TaskStanding::default() }
}

/// Every standing that matters, by the word used in the table.
fn standings() -> Vec<(&'static str, Actor, Standing)> {
    let people = [
        ("nobody", Standing::default()),
        ("agent", holding("agent")),
        ("applicant", Standing { applicant: true, ..holding("agent") }),
        ("handler-of-another-office", holding("handler")),
        ("handler-of-this-case", Standing { involved: true, ..holding("handler") }),
        ("pool-free", at_task(in_pool(Claim::Free))),
        ("pool-own", at_task(in_pool(Claim::Own))),
        ("pool-other", at_task(in_pool(Claim::Other))),
        ("not-in-pool", at_task(TaskStanding::default())),
        ("left-the-pool-but-holds", at_task(TaskStanding { claim: Claim::Own, ..TaskStanding::default() })),
        ("acted-before", at_task(TaskStanding { acted_in: Some("accept".into()), ..in_pool(Claim::Free) })),
        ("kept-for-another", at_task(TaskStanding { kept_for: Some("review".into()), ..in_pool(Claim::Free) })),
        ("pool-lent", at_task(in_pool(Claim::Lent))),
        ("asked-by-the-holder", at_task(TaskStanding { claim: Claim::Asked, ..TaskStanding::default() })),
        ("who-added-the-member", Standing { remover: true, involved: true, ..holding("head") }),
        ("who-did-the-act", Standing { own_act: true, involved: true, ..holding("handler") }),
        ("section-head", Standing { section_head: true, involved: true, ..holding("section_head") }),
        ("approver", Standing { approver: true, involved: true, ..holding("head") }),
        ("answers-for-the-term", Standing { in_charge: true, involved: true, ..holding("head") }),
        ("receiver", holding("receiver")),
        ("supervisor", holding("sup_clerk")),
        ("leader", holding("leader")),
        ("auditor", holding("auditor")),
        ("operator-post", holding("operator")),
        ("outside-system", Standing { topic: Some("credit".into()), ..holding("connector") }),
        ("outside-system-of-the-topic", Standing { topic: Some("credit".into()), ..holding("connector-credit") }),
        ("outside-system-of-another-topic", Standing { topic: Some("seal".into()), ..holding("connector-credit") }),
        ("outside-system-asked-of-no-topic", holding("connector-credit")),
        ("post-that-only-begins-so", holding("connectors")),
        ("demo-visitor", Standing { clock_moves: true, ..Standing::default() }),
        ("disabled", Standing { disabled: true, applicant: true, clock_moves: true, ..at_task(in_pool(Claim::Own)) }),
    ];
    let mut all: Vec<_> = people.into_iter().map(|(word, standing)| (word, person(), standing)).collect();
    all.push(("machine", Actor::System, Standing { clock_moves: true, ..Standing::default() }));
    all.push(("os-user", Actor::Operator("root".to_owned()), Standing::default()));
    all.push(("os-user-of-a-demo", Actor::Operator("root".to_owned()), Standing { clock_moves: true, ..Standing::default() }));
    all
}

/// Every act against every standing; what is not in the list is denied.
#[test]
fn each_standing_may_do_exactly_this() {
    let found: Vec<String> = standings()
        .into_iter()
        .map(|(word, actor, standing)| {
            let allowed = ACTS.into_iter().filter(|act| may(&actor, *act, &standing) == Verdict::Allowed);
            let allowed: Vec<String> = allowed.map(|act| format!("{act:?}")).collect();
            format!("{word}: {}", allowed.join(" "))
        })
        .collect();
    let expected = [
        "nobody: ReadInbox",
        "agent: StartCase ReadInbox",
        "applicant: StartCase AskRecusal Urge Comment Withdraw ReadCase ReadInbox",
        "handler-of-another-office: ReadInbox ReadAccounts ReadLights",
        "handler-of-this-case: AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "pool-free: Claim Complete Return AddSigners Transfer Delegate AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "pool-own: Claim Release Complete Return AddSigners Transfer Delegate AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "pool-other: AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "not-in-pool: AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "left-the-pool-but-holds: Release AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "acted-before: AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "kept-for-another: AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "pool-lent: Recall AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "asked-by-the-holder: Reply AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "who-added-the-member: RemoveSigner AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "who-did-the-act: TakeBack AskRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "section-head: AskRecusal DecideRecusal Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights",
        "approver: AskRecusal Copy Urge Comment Extend ReadCase ReadInbox ReadAccounts ReadLights",
        "answers-for-the-term: AskRecusal Copy Urge Comment StateReason ReadCase ReadInbox ReadAccounts ReadLights ReportFigures ChangeIndicators",
        "receiver: StartCase ReadInbox ReadAccounts ReadLights",
        "supervisor: Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights ReadAllLights ReadAudit Export",
        "leader: Copy Urge Comment ReadCase ReadInbox ReadAccounts ReadLights ReadAllLights",
        "auditor: ReadCase ReadInbox ReadAccounts ReadLights ReadAllLights ReadAudit Export",
        "operator-post: ReadInbox ReadAccounts ReadLights ReadPeople ManagePeople ManageNotices ManageJobs Publish IssueAccount Seed",
        "outside-system: ReadInbox WorkJobs",
        "outside-system-of-the-topic: ReadInbox WorkJobs",
        "outside-system-of-another-topic: ReadInbox",
        "outside-system-asked-of-no-topic: ReadInbox WorkJobs",
        "post-that-only-begins-so: ReadInbox ReadAccounts ReadLights",
        "demo-visitor: ReadInbox MoveClock",
        "disabled: ",
        "machine: Message Machine",
        "os-user: Message Machine ReadCase ReadAccounts ReadLights ReadAllLights ReadAudit Export ReadPeople ManagePeople ManageNotices ManageJobs Publish IssueAccount Seed ReportFigures ChangeIndicators",
        "os-user-of-a-demo: Message Machine ReadCase ReadAccounts ReadLights ReadAllLights ReadAudit Export ReadPeople ManagePeople ManageNotices ManageJobs Publish IssueAccount Seed MoveClock ReportFigures ChangeIndicators",
    ];
    assert_eq!(found, expected);
}

fn code(standing: &str, act: Act) -> &'static str {
    let all = standings();
    let (_, actor, standing) = all.iter().find(|(word, ..)| *word == standing).expect("a standing of the list");
    match may(actor, act, standing) {
        Verdict::Allowed => "allowed",
        Verdict::Denied(denial) => denial.code,
    }
}

#[test]
fn a_denial_says_which_of_the_reasons_it_was() {
    let expected = [
        ("pool-other", Act::Claim, "claimed_by_another"),
        ("pool-other", Act::Release, "claimed_by_another"),
        ("pool-free", Act::Release, "not_claimed"),
        ("not-in-pool", Act::Complete, "not_assigned"),
        ("left-the-pool-but-holds", Act::Complete, "not_assigned"),
        ("acted-before", Act::Complete, "separation_of_duties"),
        ("kept-for-another", Act::Claim, "kept_for_another"),
        ("handler-of-this-case", Act::Extend, "not_approver"),
        ("handler-of-this-case", Act::Withdraw, "not_applicant"),
        ("handler-of-another-office", Act::ReadCase, "not_involved"),
        ("applicant", Act::ReadAccounts, "not_official"),
        ("handler-of-this-case", Act::Export, "without_post"),
        ("operator-post", Act::Machine, "machine_only"),
        ("os-user", Act::Complete, "person_only"),
        ("auditor", Act::MoveClock, "clock_not_movable"),
        ("outside-system-of-another-topic", Act::WorkJobs, "not_connected"),
        ("outside-system", Act::ManageJobs, "without_post"),
        ("disabled", Act::Complete, "account_disabled"),
    ];
    for (standing, act, expected) in expected {
        assert_eq!(code(standing, act), expected, "{standing} {act:?}");
    }
}

#[test]
fn a_denial_is_a_sentence_in_both_languages() {
    let Verdict::Denied(denial) = may(&person(), Act::Complete, &at_task(TaskStanding { acted_in: Some("accept".into()), ..in_pool(Claim::Own) })) else {
        panic!("expected a denial");
    };
    assert_eq!(denial.en, "cannot complete the task: you acted in step accept, and one person may not do both");
    assert_eq!(denial.zh, "不能办理待办：您已办理过步骤 accept，岗位须分离");
}
