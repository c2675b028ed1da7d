//! The calendar command as somebody types it.

use std::process::ExitCode;

use clap::Parser;

use super::{Args, Failure, run};

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: Args,
}

/// Runs `calendar` with these words and answers with what it wrote.
fn typed(words: &[&str], stdin: &str) -> Result<(ExitCode, String), String> {
    let typed = Typed::try_parse_from([&["calendar"], words].concat()).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let code = run(&typed.args, &mut stdin.as_bytes(), &mut out).map_err(|failure| failure.to_string())?;
    Ok((code, String::from_utf8(out).expect("the command writes UTF-8")))
}

fn written(words: &[&str], stdin: &str) -> String {
    typed(words, stdin).unwrap_or_else(|error| panic!("{words:?}: {error}")).1
}

#[test]
fn a_due_day_is_explained_in_both_languages() {
    insta::assert_snapshot!(written(&["due", "2017-09-28", "5", "working", "days"], ""), @r#"
    自 2017-09-28 起 5 个工作日
      5 working days from 2017-09-28
    日历 cn 2026.1
      calendar cn 2026.1

    2017-09-28 周四 Thu    –  起算日，不计                start day, not counted
    2017-09-29 周五 Fri    1  工作日                      working day
    2017-09-30 周六 Sat    2  国庆节、中秋节调休上班      make-up working day for National Day and Mid-Autumn Festival
    2017-10-01 周日 Sun    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-02 周一 Mon    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-03 周二 Tue    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-04 周三 Wed    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-05 周四 Thu    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-06 周五 Fri    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-07 周六 Sat    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-08 周日 Sun    –  国庆节、中秋节放假          National Day and Mid-Autumn Festival holiday
    2017-10-09 周一 Mon    3  工作日                      working day
    2017-10-10 周二 Tue    4  工作日                      working day
    2017-10-11 周三 Wed    5  工作日                      working day

    到期 2017-10-11（周三）
      due 2017-10-11 (Wednesday)
    "#);
}

#[test]
fn a_limit_that_ends_on_a_holiday_is_explained_in_one_language() {
    let words = ["due", "2025-04-28", "6 calendar days", "--suspended", "2025-04-30", "--lang", "en"];
    insta::assert_snapshot!(written(&words, ""), @r#"
    6 calendar days from 2025-04-28, not counting 2025-04-30
    calendar cn 2026.1

    2025-04-28 Mon    –  start day, not counted
    2025-04-29 Tue    1  calendar day
    2025-04-30 Wed    –  suspended, not counted
    2025-05-01 Thu    2  calendar day
    2025-05-02 Fri    3  calendar day
    2025-05-03 Sat    4  calendar day
    2025-05-04 Sun    5  calendar day
    2025-05-05 Mon    6  calendar day
    2025-05-06 Tue    –  the limit ended on a holiday and moves here

    due 2025-05-06 (Tuesday)
    "#);
}

#[test]
fn what_no_calendar_reaches_has_a_reason() {
    let said = written(&["due", "2026-12-29", "5 working days", "--lang", "zh"], "");
    insta::assert_snapshot!(said, @r#"
    自 2026-12-29 起 5 个工作日
    日历 cn 2026.1

    2026-12-29 周二    –  起算日，不计
    2026-12-30 周三    1  工作日
    2026-12-31 周四    2  工作日

    没有到期日：已公布的工作日历算不到那一天：至 2026-12-31 共计 2 日，须计 5 日
    "#);
    let said = written(&["due", "2026-12-29", "7 calendar days", "--lang", "en"], "");
    assert!(said.ends_with("due 2027-01-05 (Tuesday), provisionally: that year's holidays are not published\n"), "{said}");
}

#[test]
fn a_year_lists_its_holidays_and_the_weekends_worked() {
    insta::assert_snapshot!(written(&["show", "2025"], ""), @r#"
    2025 年：248 个工作日；国办发明电〔2024〕12号，2024-11-12
      2025: 248 working days; 国办发明电〔2024〕12号, 2024-11-12

    元旦 2025-01-01 放假，共 1 天
      New Year's Day: 2025-01-01, 1 day off
    春节 2025-01-28 至 2025-02-04 放假，共 8 天，2025-01-26 周日、2025-02-08 周六 上班
      Spring Festival: 2025-01-28 to 2025-02-04, 8 days off; worked: 2025-01-26 Sun, 2025-02-08 Sat
    清明节 2025-04-04 至 2025-04-06 放假，共 3 天
      Tomb-Sweeping Day: 2025-04-04 to 2025-04-06, 3 days off
    劳动节 2025-05-01 至 2025-05-05 放假，共 5 天，2025-04-27 周日 上班
      Labour Day: 2025-05-01 to 2025-05-05, 5 days off; worked: 2025-04-27 Sun
    端午节 2025-05-31 至 2025-06-02 放假，共 3 天
      Dragon Boat Festival: 2025-05-31 to 2025-06-02, 3 days off
    国庆节、中秋节 2025-10-01 至 2025-10-08 放假，共 8 天，2025-09-28 周日、2025-10-11 周六 上班
      National Day and Mid-Autumn Festival: 2025-10-01 to 2025-10-08, 8 days off; worked: 2025-09-28 Sun, 2025-10-11 Sat
    "#);
    insta::assert_snapshot!(typed(&["show", "2027"], "").expect_err("2027 is not published"), @r#"
    expected a published year (2016 to 2026), found `2027`
    期望已公布的年份（2016 至 2026），实际 `2027`
    "#);
}

#[test]
fn many_questions_get_as_many_answers() {
    let questions = r#"{"from":"2017-09-11","within":"20 working days","suspended":[["2017-09-18","2017-09-29"]],"extended":"10 working days"}
{"from":"2017-08-17","within":"60 calendar days"}

{"from":"2025-03-24","within":"30 days","suspended":[["2025-04-01","2025-04-11"]],"extended":null}
{"from":"2025-03-24","within":"30 days","suspended":[["2025-04-01","2025-04-11"]],"roll_over":false}
{"from":"2026-11-23","within":"30 working days"}
{"from":"2026-12-20","within":"30 calendar days"}
{"from":"2015-06-01","within":"5 working days"}
"#;
    let (code, answers) = typed(&["due", "--stdin"], questions).expect("every question can be read");
    assert_eq!(code, ExitCode::SUCCESS);
    insta::assert_snapshot!(answers, @r#"
    {"due":"2017-11-10","provisional":false,"counted":30}
    {"due":"2017-10-16","provisional":false,"counted":60}
    {"due":"2025-05-06","provisional":false,"counted":30}
    {"due":"2025-05-04","provisional":false,"counted":30}
    {"due":null,"provisional":true,"counted":28,"through":"2026-12-31","reason":"no published working calendar reaches it: 28 of 30 working days counted through 2026-12-31","reason_zh":"已公布的工作日历算不到那一天：至 2026-12-31 共计 28 日，须计 30 日"}
    {"due":"2027-01-19","provisional":true,"counted":30}
    {"due":null,"provisional":true,"counted":0,"through":"2015-06-01","reason":"the working calendar begins on 2016-01-01, after the start day","reason_zh":"工作日历自 2016-01-01 起，晚于起算日"}
    "#);
}

#[test]
fn a_wrong_question_is_answered_with_its_place_and_the_rest_goes_on() {
    let questions = r#"{"from":"2017-13-11","within":"20 working hours","suspended":[["2017-09-29","2017-09-18"]],"extended":10}
not json
{"from":"2017-9-11","期限":1}
[]
{"from":"2017-09-11","within":"20 working days"}"#;
    let (code, answers) = typed(&["due", "--stdin"], questions).expect("a wrong question is answered too");
    assert_eq!(code, ExitCode::FAILURE);
    insta::assert_snapshot!(answers, @r#"
    {"error":"line 1, column 9: from: expected a day such as \"2017-09-11\", found \"2017-13-11\"; line 1, column 31: within: expected a length such as `20 working days` or `30 calendar days`, at most 3660 days, found `20 working hours`; line 1, column 62: suspended: expected a last day not before the first and at most 3660 days, found `2017-09-29..2017-09-18`; line 1, column 103: extended: expected a length such as \"20 working days\", found 10","error_zh":"第 1 行第 9 列：from：期望日期，如 \"2017-09-11\"，实际 \"2017-13-11\"；第 1 行第 31 列：within：期限应写作“20 working days”或“30 calendar days”（至多 3660 日），现为 `20 working hours`；第 1 行第 62 列：suspended：期望末日不早于首日、至多 3660 日，实际 2017-09-29 至 2017-09-18；第 1 行第 103 列：extended：期望期限，如 \"20 working days\"，实际 10","line":1,"column":9}
    {"error":"line 2, column 2: expected a JSON object: expected ident","error_zh":"第 2 行第 2 列：期望一个 JSON 对象：expected ident","line":2,"column":2}
    {"error":"line 3, column 1: expected `within`, found no such key; line 3, column 9: from: expected a day such as \"2017-09-11\", found \"2017-9-11\"; line 3, column 26: expected one of from, within, suspended, extended, roll_over, found `期限`","error_zh":"第 3 行第 1 列：缺少 `within`；第 3 行第 9 列：from：期望日期，如 \"2017-09-11\"，实际 \"2017-9-11\"；第 3 行第 26 列：期望 from, within, suspended, extended, roll_over 之一，实际 `期限`","line":3,"column":1}
    {"error":"line 4, column 1: expected a JSON object: invalid type: sequence, expected a map","error_zh":"第 4 行第 1 列：期望一个 JSON 对象：invalid type: sequence, expected a map","line":4,"column":1}
    {"due":"2017-10-13","provisional":false,"counted":20}
    "#);
}

#[test]
fn a_calendar_file_is_used_and_checked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let right = folder.path().join("right.yaml");
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&right, crate::calendar::CN).expect("a file is written");
    std::fs::write(&wrong, crate::calendar::CN.replace("days: 2025-05-01..2025-05-05", "days: 2025-05-01..2025-05-32")).expect("a file is written");
    let [right, wrong] = [right, wrong].map(|path| path.display().to_string());
    let (code, said) = typed(&["check", &right], "").expect("the file can be read");
    assert_eq!((code, said), (ExitCode::SUCCESS, format!("{right}: cn 2026.1, 2016-01-01..2026-12-31, 通知 11 份，没有错误 / 11 notices, no mistake\n")));
    let (code, said) = typed(&["check", &right, &wrong], "").expect("the files can be read");
    assert_eq!(code, ExitCode::FAILURE);
    assert!(said.contains("wrong.yaml:131:30:") && said.contains("found `2025-05-01..2025-05-32`"), "{said}");
    let moved = crate::calendar::CN.replace("days: 2025-05-01..2025-05-05, working: [2025-04-27]", "days: 2025-05-01");
    std::fs::write(folder.path().join("moved.yaml"), moved).expect("a file is written");
    let moved = folder.path().join("moved.yaml").display().to_string();
    let said = written(&["due", "2025-03-24", "30 days", "--suspended", "2025-04-01..2025-04-11", "--calendar", &moved, "--lang", "en"], "");
    assert!(said.ends_with("due 2025-05-04 (Sunday)\n"), "one holiday less moves the due day: {said}");
}

#[test]
fn what_cannot_be_understood_names_what_was_expected() {
    let wrong: &[(&[&str], &str)] = &[
        (&["due", "2017-09-11", "20", "working", "hours"], "expected a length such as `20 working days`"),
        (&["due", "2017-09-11", "5 days", "--suspended", "2017-09-29..2017-09-18"], "expected a last day not before the first"),
        (&["due", "2017-09-11", "5 days", "--suspended", "September"], "expected a day such as `2025-04-01`, found `September`"),
        (&["due", "--stdin", "2017-09-11", "5 days"], "cannot be used with"),
        (&["check", "nowhere.yaml"], "cannot read nowhere.yaml"),
    ];
    for (words, expected) in wrong {
        let said = typed(words, "").expect_err(expected);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let typed = Typed::try_parse_from(["calendar", "show", "2025"]).expect("words the command knows");
    assert!(matches!(run(&typed.args, &mut std::io::empty(), &mut Gone), Ok(ExitCode::SUCCESS)));
    let failure = Failure::Io(std::io::ErrorKind::PermissionDenied.into());
    assert_eq!(failure.to_string(), "permission denied");
}

#[test]
fn days_of_a_table_are_printed_as_a_whole_calendar_or_told_with_every_mistake() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("snow.csv");
    std::fs::write(&file, "date,kind,name,name_en\n2026-01-20,closure,雪灾停办,Snow closure\n").expect("a file is written");
    let file = file.display().to_string();
    let said = written(&["import", &file, "--local", "--source", "鄂州政办发〔2026〕3号", "--published", "2026-01-10"], "");
    assert!(said.starts_with("calendar: \"cn\"\n") && said.contains("version: \"2026.2\"\ncovered: 2016-01-01..2026-12-31\n"), "{said}");
    assert!(
        said.ends_with("closures:\n  - {name: snow-closure, days: 2026-01-20..2026-01-20, source: \"鄂州政办发〔2026〕3号\", published: 2026-01-10}\n"),
        "{said}"
    );
    let told = typed(&["import", &file], "").expect_err("nobody said where it was published");
    assert!(told.contains("calendar-source") && told.contains("calendar-published"), "{told}");
    for stored in [&["list"][..], &["preview", &file], &["apply", &file, "--stamp", "0123456789ab"]] {
        let args = Typed::try_parse_from(["calendar"].iter().chain(stored)).expect("words the command knows").args;
        assert!(args.stored().is_some(), "{stored:?} needs the database");
    }
    assert!(Typed::try_parse_from(["calendar", "apply", &file]).is_err(), "nothing is put in force without a stamp");
}
