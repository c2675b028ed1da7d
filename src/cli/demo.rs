//! `greenlane demo`: a fresh database with the seeds, a clock that can be moved, and a token for everybody in the story.
//! Invariant: nothing here writes but through the surfaces everybody uses. Never: a demonstration on a database that has served for real.

pub mod opening;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::App;
use crate::app::clockwork::{self, OFFSET_SETTING};
use crate::app::failure::Fault;
use crate::app::login::demo::STORY;
use crate::app::operate::Operation;
use crate::app::seed::Seeds;
use crate::boot::{Node, Start};
use crate::cli::place::{Place, as_role, operator};
use crate::cli::serve::until_told;
use crate::cli::tour;
use crate::cli::{Trouble, say};
use crate::clock::{Clock, real};
use crate::config::Config;
use crate::ids::{Moment, Tenant};
use crate::store::{Store, Target};
use crate::workers::Crew;

/// The morning the story begins: Monday 2025-03-03, 08:30 in China. The plan is in force until 2025-12-31 and the calendar is complete.
const BEGINS: &str = "2025-03-03 08:30";

/// Who runs the demonstration's installation.
const OPERATOR: &str = "ez-zwzx.operator";

/// For how long the demonstration's tokens are valid.
const TOKEN_DAYS: u32 = 30;

/// How to demonstrate.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 播放整个故事，逐项核对后退出；有一项不符则退出码 1。Plays the whole story and exits; 1 if anything was not as expected.
    #[arg(long)]
    tour: bool,
    /// 监听地址；端口 0 为任选空闲端口。The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,
    /// 用这份工作日历代替内置的。A calendar file instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,
}

/// A demonstration, ready to be listened to.
pub struct Demonstration {
    /// How the node is started.
    pub start: Start,
    /// The calendar's text and the name of its file.
    pub calendar: (String, String),
}

/// Runs the demonstration.
///
/// # Errors
/// What start-up or the story refuses.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let demonstration = prepare(args, place).await?;
    let home = demonstration.start.home.clone();
    if args.tour {
        return tour::run(demonstration).await;
    }
    let (app, crew) = crate::boot::open(&demonstration.start).await?;
    let guests = plant(&app, &demonstration).await?;
    open(&app, &crew, demonstration.start.config.tenant).await?;
    let node = Node::run(app, crew, &demonstration.start.config).await?;
    let kept = keep_tokens(&guests, &home)?;
    keep_application(&home)?;
    tell(&node, &guests, &kept, &home);
    let place = Place { data: Some(home), ..place.clone() };
    until_told(node, &place).await
}

/// Plays what has happened before, in a database nobody has filed anything in; no worker and no listener is there yet.
async fn open(app: &App, crew: &Crew, tenant: Tenant) -> Result<(), Trouble> {
    let played = opening::play(app, crew, tenant, moment(BEGINS)?).await?;
    if played.cut_short {
        say(
            "上一次启动没有走完五个星期，办件停在当时。要从头看，请换一个文件夹。An earlier start was cut short, and its cases are where they were: for all five weeks take a new folder.",
        );
    }
    for missed in played.missed {
        say(&format!("  {missed}：照这份日历做不到，办件停在此前的步骤。Cannot be done by this calendar: the case stays where it was."));
    }
    Ok(())
}

/// Makes the database, or opens one an earlier demonstration left, and sets the clock.
async fn prepare(args: &Args, place: &Place) -> Result<Demonstration, Trouble> {
    let home = match &place.data {
        Some(folder) => folder.clone(),
        None => fresh_folder(),
    };
    let target = match &place.database {
        Some(owner) => {
            Target::Postgres { writer_url: as_role(owner, "gl_writer"), reader_url: place.reader.clone().unwrap_or_else(|| as_role(owner, "gl_reader")) }
        }
        None => Target::Sqlite(home.clone()),
    };
    Store::migrate(&target, place.database.as_deref()).await.map_err(|cause| Fault::new("making the database", cause))?;
    let store = Store::open(target.clone()).await.map_err(|cause| Fault::new("opening the database", cause))?;
    let clock = clock(&store, if args.tour { BEGINS } else { opening::BEGINS }).await?;
    store.close().await;
    let calendar = match &args.calendar {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", path.display())))?;
            (text, path.display().to_string())
        }
        None => (crate::calendar::CN.to_owned(), "workflows/calendars/cn.yaml".to_owned()),
    };
    let config = Config { listen: args.listen.unwrap_or(Config::default().listen), ..Config::default() };
    Ok(Demonstration { start: Start { target, clock, config, home }, calendar })
}

/// A folder nobody has used; the database makes it.
fn fresh_folder() -> PathBuf {
    std::env::temp_dir().join(format!("greenlane-demo-{}", real().0))
}

/// A moment as the story says it, China time: `2025-03-03 08:30`.
///
/// # Errors
/// When it is written otherwise.
pub fn moment(text: &str) -> Result<Moment, Trouble> {
    let at = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").map_err(|cause| Trouble(format!("{text}: {cause}")))?;
    Ok(Moment::at(at.date(), at.time()))
}

/// The clock where an earlier demonstration left it, else at `begins`.
async fn clock(store: &Store, begins: &str) -> Result<Clock, Trouble> {
    if let Some(clock) = clockwork::stored_clock(store).await? {
        return Ok(clock);
    }
    let served = !store.tenants().await.map_err(|cause| Fault::new("reading the register", cause))?.is_empty();
    if served {
        return Err(Trouble("该数据库已有正式数据，不能用于演示。\ncannot demonstrate here: this database has served for real".to_owned()));
    }
    let begins = moment(begins)?;
    let offset = (begins.0 - real().0).to_string();
    store.set_setting(OFFSET_SETTING, &offset).await.map_err(|cause| Fault::new("storing the clock", cause))?;
    Ok(Clock::moved_to(begins))
}

/// A person of the story with a token.
pub struct Guest {
    /// The login.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// The posts, for the list.
    pub posts: String,
    /// The token.
    pub token: String,
}

/// Publishes the calendar and the workflows, plants the seeds, hands out tokens. Doing it again changes nothing but the tokens.
///
/// # Errors
/// What was refused or broke.
pub async fn plant(app: &App, demonstration: &Demonstration) -> Result<Vec<Guest>, Trouble> {
    let tenant = demonstration.start.config.tenant;
    let (text, file) = demonstration.calendar.clone();
    app.operate(tenant, operator(), Operation::Calendar { text, file }).await?;
    let (files, places) = (crate::app::seed::embedded_files(), crate::app::seed::embedded_places());
    app.operate(tenant, operator(), Operation::Seed { files: files.clone() }).await?;
    let others: Vec<Tenant> = app.tenants().await?.into_iter().filter(|other| *other != tenant).collect();
    for other in others {
        let (text, file) = demonstration.calendar.clone();
        app.operate(other, operator(), Operation::Calendar { text, file }).await?;
    }
    app.operate(tenant, operator(), Operation::ImportItems { files, places }).await?;
    let files = crate::app::operate::embedded_workflows();
    app.operate(tenant, operator(), Operation::Publish { files, workflows: Vec::new() }).await?;
    // Its gateway is a folder, so nobody has to be asked.
    app.approve_every_text(tenant, operator(), "演示网关").await?;
    guests(app, tenant).await
}

async fn guests(app: &App, tenant: Tenant) -> Result<Vec<Guest>, Trouble> {
    let known = app.known(tenant).await?;
    let today = app.clock().now().date();
    let mut guests = Vec::new();
    for (person, token) in app.hand_out_tokens(tenant, operator(), TOKEN_DAYS).await? {
        let posts = known.roster.posts_of(person.id, today);
        let posts = posts.iter().map(|(office, post)| format!("{office}/{post}")).collect::<Vec<_>>().join(" ");
        guests.push(Guest { login: person.login, name: person.name, posts, token });
    }
    guests.sort_by(|left, right| left.login.cmp(&right.login));
    Ok(guests)
}

/// Writes everybody's token into a file of the data folder that its owner alone may read.
fn keep_tokens(guests: &[Guest], home: &Path) -> Result<PathBuf, Trouble> {
    let path = home.join("tokens.txt");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lines: String = guests.iter().map(|guest| format!("{:<24} {}  {}  [{}]\n", guest.login, guest.token, guest.name, guest.posts)).collect();
    let written = options.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, lines.as_bytes()));
    written.map_err(|cause| Trouble(format!("{}: cannot write the file: {cause}", path.display())))?;
    Ok(path)
}

/// The file with an application that can be sent as it is.
const APPLICATION: &str = "application.json";

/// Writes the demonstration project's application into the data folder.
fn keep_application(home: &Path) -> Result<(), Trouble> {
    let seeds = Seeds::embedded().map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let Some(project) = seeds.tenants.values().flat_map(|tenant| &tenant.projects).find(|project| &*project.key == "P1") else { return Ok(()) };
    let application = serde_json::json!({"workflow": project.workflow, "form": project.form});
    let path = home.join(APPLICATION);
    std::fs::write(&path, format!("{application:#}\n")).map_err(|cause| Trouble(format!("{}: cannot write the file: {cause}", path.display())))
}

fn tell(node: &Node, guests: &[Guest], tokens: &Path, home: &Path) {
    let address = node.address();
    say(
        "绿色通道演示（机构、指标、改革事项出自两个方案，人员、项目、金额、文号均为虚构）· Greenlane demonstration (offices, indicators and reform items are those of the two plans; people, projects, amounts and documents are invented)",
    );
    say(&format!("  地址 address   http://{address}"));
    say(&format!("  数据 data      {}", home.display()));
    say(&format!("  时钟 clock     {}（可拨动 can be moved）", node.app.clock().now().civil().format("%Y-%m-%d %H:%M")));
    say(&format!("  登录 sign in   http://{address}/sign-in （选一个人就能进入，不用密码 choose anybody, no password）"));
    say("");
    say(&format!("人员和令牌 people and tokens（全部 {} 人见 all of them in {}）", guests.len(), tokens.display()));
    for guest in STORY.iter().filter_map(|login| guests.iter().find(|guest| guest.login == *login)) {
        say(&format!("  {:<20} {}  {} [{}]", guest.login, guest.token, guest.name, guest.posts));
    }
    let token = |login: &str| guests.iter().find(|guest| guest.login == login).map_or("TOKEN", |guest| guest.token.as_str());
    let (applicant, token) = (token(STORY[0]), token(STORY[1]));
    say("");
    say("试一试 what to try（用别人的令牌，看别人的待办 with another token, another inbox）");
    let application = home.join(APPLICATION);
    say(&format!("  curl -X POST -H 'Authorization: Bearer {applicant}' -d @{} http://{address}/api/v1/cases", application.display()));
    say(&format!("  curl -H 'Authorization: Bearer {token}' http://{address}/api/v1/inbox"));
    say(&format!("  curl -H 'Authorization: Bearer {token}' http://{address}/api/v1/workflows/green-channel/picture > green-channel.svg"));
    say(&format!("  curl -X PUT -H 'Authorization: Bearer {token}' -d '{{\"to\":\"2025-03-04T09:00:00+08:00\"}}' http://{address}/api/v1/clock"));
    say(&format!("  greenlane audit verify --data {}", home.display()));
    say("  greenlane demo --tour");
    say(&format!(
        "  用密码登录 with a password: http://{address}/system/people 以 {OPERATOR} 进入，添加人员并发送邀请；邮件在 {}",
        home.join("outbox").display()
    ));
    say("    sign in as the operator there, add anybody and send the invitation; mails are written into that folder");
    say("");
    say("按 Ctrl-C 结束。Ctrl-C ends it.");
}
