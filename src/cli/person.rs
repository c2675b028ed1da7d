//! `greenlane person`: who is there, somebody new, posts, invitations, tokens, the end of somebody's access.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::operate::Operation;
use crate::app::people::{Change, Contact, Post};
use crate::app::register;
use crate::cli::operate::operate;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出人员和岗位。Lists people with their posts.
    List,
    /// 发放令牌，只显示一次。Hands out a bearer token, shown once.
    Token {
        /// 登录名。The login.
        login: String,
        /// 有效天数。For how many days.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// 停用人员，登录和令牌立即失效。Ends somebody's access at once.
    Disable {
        /// 登录名。The login.
        login: String,
    },
    /// 恢复使用。Gives access back.
    Enable {
        /// 登录名。The login.
        login: String,
    },
    /// 添加人员，有邮箱的同时发出邀请。Adds somebody and, when there is an address, sends the invitation.
    Add {
        /// 登录名。The login.
        login: String,
        /// 姓名。The name.
        #[arg(long)]
        name: String,
        /// 邮箱。The mail address.
        #[arg(long)]
        email: Option<String>,
        /// 手机号，用于短信。The mobile number, for short messages.
        #[arg(long)]
        phone: Option<String>,
        /// 通知语言。The language of notices.
        #[arg(long, default_value = "zh-CN", value_parser = ["zh-CN", "en"])]
        language: String,
        /// 岗位，写作 机构/岗位，可以有多个。A post as `office/post`; any number of them.
        #[arg(long = "post", value_name = "OFFICE/POST", value_parser = post)]
        posts: Vec<Post>,
    },
    /// 增加岗位。Gives a post.
    Give {
        /// 登录名。The login.
        login: String,
        /// 机构/岗位。The post as `office/post`.
        #[arg(value_parser = post)]
        post: Post,
        /// 任职第一天。The first day.
        #[arg(long)]
        from: Option<NaiveDate>,
        /// 任职最后一天。The last day.
        #[arg(long)]
        until: Option<NaiveDate>,
    },
    /// 重新发送邀请。Sends the invitation again.
    Invite {
        /// 登录名。The login.
        login: String,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List => list(place).await?,
        Verb::Token { login, days } => operate(place, Operation::Token { login: login.clone(), days: *days }).await?,
        Verb::Disable { login } => operate(place, Operation::Disable { login: login.clone() }).await?,
        Verb::Enable { login } => change(place, Change::Enable { login: login.clone() }).await?,
        Verb::Add { login, name, email, phone, language, posts } => {
            let said = |text: &Option<String>| text.clone().unwrap_or_default();
            let contact = Contact { name: name.clone(), email: said(email), phone: said(phone), language: language.clone() };
            change(place, Change::Add { login: login.clone(), contact, posts: posts.clone(), invite: email.is_some() }).await?;
        }
        Verb::Give { login, post, from, until } => {
            let post = Post { from: *from, until: *until, ..post.clone() };
            change(place, Change::Give { login: login.clone(), post }).await?;
        }
        Verb::Invite { login } => change(place, Change::Invite { login: login.clone() }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(place: &Place, change: Change) -> Result<(), Trouble> {
    operate(place, Operation::People(change)).await
}

/// `office/post`.
fn post(text: &str) -> Result<Post, String> {
    let (office, post) = text.split_once('/').ok_or_else(|| format!("expected `office/post`, found `{text}`"))?;
    Ok(Post { office: office.to_owned(), post: post.to_owned(), from: None, until: None })
}

async fn list(place: &Place) -> Result<(), Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let version = store.registry_version(tenant).await.map_err(|cause| Fault::new("reading the register", cause))?;
    let known = register::read(&store, tenant, version, &Known::default()).await?;
    let mut people: Vec<_> = known.roster.people.values().collect();
    people.sort_by(|left, right| left.login.cmp(&right.login));
    for person in people {
        let held = known.roster.holdings.iter().filter(|holding| holding.person == person.id);
        let posts: Vec<String> = held.map(|holding| format!("{}/{}", holding.office, holding.post)).collect();
        let state = if person.disabled { " (停用 disabled)" } else { "" };
        say(&format!("{}  {}{state}  {}", person.login, person.name, posts.join(" ")));
    }
    Ok(())
}
