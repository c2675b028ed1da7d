//! The command line: one file per verb.
//! Invariant: a verb that writes while `serve` holds the database goes through its socket; every error names the file, the key or the place.

pub mod account;
pub mod audit;
pub mod authority;
pub mod calendar;
pub mod case;
pub mod check;
pub mod demo;
pub mod draw;
pub mod explain;
pub mod export;
pub mod indicator;
pub mod job;
pub mod ledger;
pub mod migrate;
mod migrate_cases;
pub mod operate;
pub mod person;
pub mod place;
pub mod publish;
pub mod rehearse;
pub mod seed;
pub mod serve;
pub mod tour;
pub mod webhook;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::failure::{Failure, Fault};
use crate::cli::place::Place;

/// 绿色通道引擎：重大项目审批的绿色通道。The engine for the green-channel approval of major projects.
#[derive(Debug, Parser)]
#[command(name = "greenlane", version, about, max_term_width = 110)]
#[command(after_help = "例 Example:  greenlane demo --tour")]
pub struct Program {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 演示：在全新的嵌入式数据库上启动。A demonstration on a fresh embedded database.
    #[command(after_help = "例 Example:  greenlane demo\n            greenlane demo --tour --data /tmp/tour")]
    Demo(demo::Args),
    /// 启动服务。Serves people and machines.
    #[command(after_help = "例 Example:  greenlane serve --data /var/lib/greenlane")]
    Serve(serve::Args),
    /// 检查流程文件，一次列出全部错误。Checks workflow files; every mistake at once.
    #[command(after_help = "例 Example:  greenlane check workflows")]
    Check(check::Args),
    /// 画出流程图。Draws a workflow.
    #[command(after_help = "例 Example:  greenlane draw workflows/eia-report-form.yaml -o eia.svg")]
    Draw(draw::Args),
    /// 演练：逐行核对场景文件。Rehearses scenario files, line by line.
    #[command(after_help = "例 Example:  greenlane rehearse tests/scenarios\n            greenlane rehearse --http tests/scenarios/cf-01-sequence.txt")]
    Rehearse(rehearse::Args),
    /// 发布流程或工作日历。Publishes workflows or a calendar.
    #[command(
        after_help = "例 Example:  greenlane publish workflows --data /var/lib/greenlane\n            greenlane publish --list --data /var/lib/greenlane"
    )]
    Publish(publish::Args),
    /// 工作日历：到期日、节假日。Working days, due days and holidays.
    #[command(after_help = "例 Example:  greenlane calendar due 2017-09-11 '20 working days'")]
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Calendar(calendar::Args),
    /// 查办件。Looks at cases.
    #[command(after_help = "例 Example:  greenlane case show GC20250001 --data /var/lib/greenlane")]
    Case(case::Args),
    /// 解释办件：在哪里、谁能办、为什么不是我、期限怎么来的、接下来怎样。Explains a case: where it is, who may act, how its dates came about, what follows.
    #[command(after_help = "例 Example:  greenlane explain GC20250001 --for ez-sthj.handler --data /var/lib/greenlane")]
    Explain(explain::Args),
    /// 指标和资金账户。Accounts: quota and funds.
    #[command(after_help = "例 Example:  greenlane account list --data /var/lib/greenlane")]
    Account(account::Args),
    /// 指标：目标、实际值、判断，填报和清单调整。Indicators: targets, figures, verdicts; reporting and changing the list.
    #[command(after_help = "例 Example:  greenlane indicator report EZ-K07 2020-12-31 28 --document '2020年统计公报' --data /var/lib/greenlane")]
    Indicator(indicator::Args),
    /// 督办常态化授权。Standing authorisations to issue supervision orders.
    #[command(after_help = "例 Example:  greenlane authority list --data /var/lib/greenlane")]
    Authority(authority::Args),
    /// 外部作业：列出、重试。Outside jobs: list, try again.
    #[command(after_help = "例 Example:  greenlane job list --parked --data /var/lib/greenlane")]
    Job(job::Args),
    /// 核验审计记录。Verifies the audit record.
    #[command(after_help = "例 Example:  greenlane audit verify --data /var/lib/greenlane")]
    Audit(audit::Args),
    /// 导出台账。Exports the ledger.
    #[command(after_help = "例 Example:  greenlane export ledger -o 台账.csv --data /var/lib/greenlane")]
    Export(export::Args),
    /// 台账：冻结、一式两份、核验。The ledger: freeze it, take out its copies, check one.
    #[command(
        after_help = "例 Example:  greenlane ledger freeze 2025Q1 --unit ez-fgw --data /var/lib/greenlane\n            greenlane ledger verify 台账-1.csv"
    )]
    Ledger(ledger::Args),
    /// 建立或升级数据库结构。Creates or upgrades the database's schema.
    #[command(after_help = "例 Example:  greenlane migrate --data /var/lib/greenlane")]
    Migrate(migrate::Args),
    /// 把在办件迁移到流程的另一版本。Takes running cases over to another version of their workflow.
    #[command(after_help = "例 Example:  greenlane migrate-cases green-channel --from 3f2a --map accept=receive --dry-run --data /var/lib/greenlane")]
    MigrateCases(migrate_cases::Args),
    /// 载入种子数据，可重复执行。Plants the seeds; repeatable.
    #[command(after_help = "例 Example:  greenlane seed seeds --data /var/lib/greenlane")]
    Seed(seed::Args),
    /// 人员：列出、添加、岗位、邀请、令牌、停用。People: list, add, posts, invitations, tokens, disable.
    #[command(after_help = "例 Example:  greenlane person token ez-sthj.handler --days 30 --data /var/lib/greenlane")]
    Person(person::Args),
    /// 事件推送：订阅、停用、重发。Webhooks: subscribe, end, send again.
    #[command(after_help = "例 Example:  greenlane webhook add https://example.gov.cn/hook --kind case.ended --data /var/lib/greenlane")]
    Webhook(webhook::Args),
}

/// Why a verb ended badly: the sentence to print, in both languages where there are two.
#[derive(Debug)]
pub struct Trouble(pub String);

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => {
                let mut lines = vec![refusal.zh, format!("{} ({})", refusal.en, refusal.code)];
                lines.extend(refusal.details.iter().map(|detail| format!("  {}: {}: {} / {}", detail.path, detail.code, detail.en, detail.zh)));
                Self(lines.join("\n"))
            }
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

impl From<io::Error> for Trouble {
    fn from(cause: io::Error) -> Self {
        Self(cause.to_string())
    }
}

impl From<calendar::Failure> for Trouble {
    fn from(failure: calendar::Failure) -> Self {
        Self(failure.to_string())
    }
}

/// Runs the program as the command line asks.
#[must_use]
pub fn main() -> ExitCode {
    let program = Program::parse();
    crate::telemetry::log();
    match run(program) {
        Ok(code) => code,
        Err(Trouble(text)) => {
            anstream::eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: Program) -> Result<ExitCode, Trouble> {
    let place = &program.place;
    match program.verb {
        Verb::Check(args) => Ok(check::run(&args, crate::clock::real(), &mut io::stdout().lock())?),
        Verb::Draw(args) if args.is_published(place) => wait(draw::published(&args, place, &mut io::stdout())),
        Verb::Draw(args) => Ok(draw::run(&args, &mut io::stdout().lock(), &mut io::stderr().lock())?),
        Verb::Calendar(args) => match args.stored() {
            Some(stored) => wait(stored.run(place)),
            None => Ok(calendar::run(&args, &mut io::stdin().lock(), &mut io::stdout().lock())?),
        },
        Verb::Demo(args) => wait(demo::run(&args, place)),
        Verb::Serve(args) => wait(serve::run(&args, place)),
        Verb::Rehearse(args) => rehearse::run(&args, place, &mut io::stdout().lock()),
        Verb::Publish(args) => wait(publish::run(&args, place)),
        Verb::Case(args) => wait(case::run(&args, place)),
        Verb::Explain(args) => wait(explain::run(&args, place)),
        Verb::Account(args) => wait(account::run(&args, place)),
        Verb::Indicator(args) => wait(indicator::run(&args, place)),
        Verb::Authority(args) => wait(authority::run(&args, place)),
        Verb::Job(args) => wait(job::run(&args, place)),
        Verb::Audit(args) => wait(audit::run(&args, place)),
        Verb::Export(args) => wait(export::run(&args, place)),
        Verb::Ledger(args) => wait(ledger::run(&args, place)),
        Verb::Migrate(args) => wait(migrate::run(&args, place)),
        Verb::MigrateCases(args) => wait(migrate_cases::run(&args, place)),
        Verb::Seed(args) => wait(seed::run(&args, place)),
        Verb::Person(args) => wait(person::run(&args, place)),
        Verb::Webhook(args) => wait(webhook::run(args, place)),
    }
}

/// Runs a verb that needs the runtime.
fn wait<T>(verb: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(verb)
}

/// Prints a line on standard output; a reader that went away (`| head`) ends the output, not the program.
pub(crate) fn say(text: &str) {
    use io::Write;
    let mut stdout = anstream::stdout();
    drop(writeln!(stdout, "{text}"));
}
