//! `greenlane audit`: verifies the whole record and names the first thing wrong; prints the newest checkpoint to be kept elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use tokio::net::UnixStream;

use crate::app::failure::Fault;
use crate::app::inspect;
use crate::audit::{Checkpoint, LogKey};
use crate::cli::operate::socket;
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
    /// 核验全部记录；有错则指出第一处，退出码 1。Verifies everything; names the first thing wrong and exits 1.
    Verify {
        /// 另存在外的检查点，记录必须以它开头。A checkpoint kept elsewhere: the log must begin with it.
        #[arg(long, value_name = "FILE", requires = "log_vkey")]
        checkpoint: Vec<PathBuf>,
        /// 日志公钥；不写则用数据库中的。The log's public key; else those the database names.
        #[arg(long, value_name = "VKEY")]
        log_vkey: Vec<String>,
        /// 服务正在运行：只核验到最新检查点。A server is at work on it: verify up to the newest checkpoint.
        #[arg(long)]
        live: bool,
        /// 列出全部发现。Lists every finding.
        #[arg(long)]
        all: bool,
    },
    /// 打印最新检查点，请另处保存。Prints the newest checkpoint; keep it elsewhere.
    Checkpoint,
    /// 打印日志公钥。Prints the log's public keys.
    Keys,
}

/// Does it.
///
/// # Errors
/// What cannot be read.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::Verify { checkpoint, log_vkey, live, all } => {
            let live = *live || UnixStream::connect(socket(&place.home())).await.is_ok();
            verify(place, checkpoint, log_vkey, Looks { live, all: *all }).await
        }
        Verb::Checkpoint => {
            let row = place.store().await?.checkpoint().await.map_err(|cause| Fault::new("reading the checkpoint", cause))?;
            let row = row.ok_or_else(|| Trouble("日志尚未封存。\nthe log has not been sealed yet".to_owned()))?;
            say(row.note.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Verb::Keys => {
            for key in inspect::keys(&place.store().await?).await? {
                say(&key.to_string());
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// How closely to look, and how much to say.
#[derive(Clone, Copy)]
struct Looks {
    live: bool,
    all: bool,
}

async fn verify(place: &Place, outside: &[PathBuf], vkeys: &[String], looks: Looks) -> Result<ExitCode, Trouble> {
    let store = place.store().await?;
    let mut keys = Vec::new();
    for text in vkeys {
        let key: LogKey = text.parse().map_err(|cause| Trouble(format!("--log-vkey `{text}`: {cause}")))?;
        keys.push(key);
    }
    if keys.is_empty() {
        keys = inspect::keys(&store).await?;
    }
    let mut checkpoints = Vec::new();
    for path in outside {
        let note = std::fs::read(path).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", path.display())))?;
        checkpoints.push(Checkpoint::open(&note, &keys).map_err(|cause| Trouble(format!("{}: {cause}", path.display())))?);
    }
    let inspection = if looks.live { inspect::inspect_live(&store, keys, checkpoints).await? } else { inspect::inspect(&store, keys, checkpoints).await? };
    let counts = inspection.report.counts;
    say(&format!(
        "核验 办件 {} 件、操作 {} 项（待封存 {}）、日志 {} 条、瓦片 {} 块、检查点 {} 个、附件 {} 份、外存检查点 {} 个",
        counts.cases, counts.acts, counts.pending, counts.entries, counts.tiles, counts.checkpoints, counts.bodies, counts.outside
    ));
    say(&format!(
        "checked {} cases, {} acts ({} to be sealed), {} log entries, {} tiles, {} checkpoints, {} bodies, {} outside checkpoints",
        counts.cases, counts.acts, counts.pending, counts.entries, counts.tiles, counts.checkpoints, counts.bodies, counts.outside
    ));
    if inspection.holds() {
        say("全部相符。\neverything holds");
        return Ok(ExitCode::SUCCESS);
    }
    let mut findings: Vec<(String, String)> = inspection.report.findings.iter().map(|finding| (finding.zh(), finding.en())).collect();
    findings.extend(inspection.differences.into_iter().map(|text| (text.zh, text.en)));
    let listed = if looks.all { findings.len() } else { 1 };
    for (zh, en) in findings.iter().take(listed) {
        say(&format!("不符 {zh}\nwrong: {en}"));
    }
    let more = findings.len() - listed.min(findings.len()) + usize::try_from(inspection.report.more).unwrap_or(usize::MAX);
    if more > 0 {
        say(&format!("另有 {more} 处 / and {more} more"));
    }
    Ok(ExitCode::FAILURE)
}
