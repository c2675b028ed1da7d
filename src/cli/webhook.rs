//! `greenlane webhook`: which outside systems are told of what, and what could not be delivered.

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::operate::Operation;
use crate::app::webhooks::HookAct;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::Place;

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出订阅、待发和停投的消息。Lists subscriptions, what waits and what is parked.
    List,
    /// 订阅：显示签名密钥，只显示一次。Subscribes; shows the signing secret once.
    Add {
        /// 接收地址（https）。Where messages go (https).
        url: String,
        /// 事件种类，可重复；不写为全部。A kind of event, repeatable; all of them unless said: case.started, case.ended, link.opened, link.closed, document.issued.
        #[arg(long = "kind")]
        kinds: Vec<String>,
    },
    /// 停用订阅。Ends a subscription.
    End {
        /// 订阅号。Its id.
        id: String,
    },
    /// 暂停：消息留待恢复后发送。Pauses it: messages wait until it is resumed.
    Pause {
        /// 订阅号。Its id.
        id: String,
    },
    /// 恢复：留下的消息立即发送。Resumes it: what waited is sent now.
    Resume {
        /// 订阅号。Its id.
        id: String,
    },
    /// 更换签名密钥：显示新密钥，只显示一次；旧密钥一日内同时签名。Makes another signing secret and shows it once; for a day the old one signs as well.
    Rekey {
        /// 订阅号。Its id.
        id: String,
    },
    /// 发送一条测试消息。Sends a test message.
    Test {
        /// 订阅号。Its id.
        id: String,
    },
    /// 重发停投的消息。Has parked messages sent again.
    Retry {
        /// 订阅号。Its id.
        id: String,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: Args, place: &Place) -> Result<ExitCode, Trouble> {
    let act = match args.verb {
        Verb::List => HookAct::List,
        Verb::Add { url, kinds } => HookAct::Add { url, kinds },
        Verb::End { id } => HookAct::End { id },
        Verb::Pause { id } => HookAct::Pause { id },
        Verb::Resume { id } => HookAct::Resume { id },
        Verb::Rekey { id } => HookAct::Rekey { id, seen: None },
        Verb::Test { id } => HookAct::Test { id },
        Verb::Retry { id } => HookAct::Retry { id },
    };
    operate(place, Operation::Webhook(act)).await?;
    Ok(ExitCode::SUCCESS)
}
