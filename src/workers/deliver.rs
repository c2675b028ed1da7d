//! Sends notices: claims them by a lease, commits the claim, sends, then records the attempt and, once sent or parked, the event of the case.
//! Invariant: a notice is recorded once; a crash between send and record may send it twice, with the same Message-ID. One that is on record as taken is not sent again.

use std::sync::{Arc, OnceLock};

use futures::StreamExt;

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::outbox::Claimed;
use crate::channels::{Channel, Rendered, SendError, ShortMessage, SmsChannel};
use crate::limits::{NOTICES_AT_ONCE_MAX, NOTICES_PER_TURN_MAX};
use crate::notice::{self, Context, Kind, Medium, Outcome, Templates, message_id};

/// How notices leave this node.
pub struct Mailroom {
    /// Every text, compiled at start.
    pub templates: Arc<Templates>,
    /// Mail.
    pub mail: Channel,
    /// Short messages.
    pub sms: SmsChannel,
    /// The right-hand side of every Message-ID.
    pub origin: String,
    /// The sender.
    pub from: String,
    /// How long a person's further notices wait for each other, to leave as one; 0 lets each leave at once.
    pub fold_ms: i64,
    /// Where people reach the pages, such as `https://example.gov.cn`: what a link in a mail begins with. Known at the latest when the node listens.
    pub public_url: OnceLock<String>,
}

/// One turn: claim a batch, send each.
pub(super) async fn turn(app: &App, mailroom: &Mailroom) -> Result<usize, Fault> {
    let claimed = app.fold_notices(app.claim_notices(NOTICES_PER_TURN_MAX).await?, mailroom.fold_ms).await?;
    let sends = claimed.into_iter().map(|notice| async move {
        let settled = if notice.is_taken() {
            app.settle_taken(&notice).await
        } else {
            let (outcome, answer) = send(app, mailroom, &notice).await;
            app.settle_notice(&notice, outcome, &answer).await
        };
        if let Err(fault) = &settled {
            tracing::error!(key = notice.key, %fault, "a delivery could not be recorded; its lease will end and it is tried again");
        }
        usize::from(settled.is_ok())
    });
    Ok(futures::stream::iter(sends).buffer_unordered(NOTICES_AT_ONCE_MAX).fold(0, |sum, done| async move { sum + done }).await)
}

/// Sends one, and says how it went in the words the attempt keeps.
async fn send(app: &App, mailroom: &Mailroom, notice: &Claimed) -> (Outcome, String) {
    let rendered = match notice.medium {
        Some(Medium::Mail) => match tokio::try_join!(link(app, mailroom, notice), stop(app, mailroom, notice)) {
            Ok((link, stop)) => letter(mailroom, notice, link, stop).map(Ready::Letter),
            Err(cause) => return (Outcome::Temporary, cause),
        },
        Some(Medium::Sms) => short(mailroom, notice).map(Ready::Short),
        None => Err("expected `mail` or `sms`, found a medium this program does not have".to_owned()),
    };
    let sent = match rendered {
        Ok(Ready::Letter(letter)) => mailroom.mail.send(&letter).await,
        Ok(Ready::Short(short)) => mailroom.sms.send(&short).await,
        Err(cause) => Err(SendError::Permanent(cause)),
    };
    match sent {
        Ok(receipt) => {
            if !receipt.ids.is_empty()
                && let Err(fault) = app.keep_message_ids(notice, &receipt.ids).await
            {
                // The message is on its way all the same; what becomes of it will not be known.
                tracing::error!(key = notice.key, %fault, "the names of a message could not be kept");
            }
            (Outcome::Accepted, receipt.detail)
        }
        Err(SendError::Temporary(cause)) => (Outcome::Temporary, cause),
        Err(SendError::Permanent(cause)) => (Outcome::Permanent, cause),
    }
}

/// The link of a notice that carries one: made now, so that it stands in the mail and nowhere else.
async fn link(app: &App, mailroom: &Mailroom, notice: &Claimed) -> Result<Option<String>, String> {
    let Ok(kind) = notice.kind.parse::<notice::Kind>() else { return Ok(None) };
    if !kind.is_account() {
        return Ok(None);
    }
    let (tenant, person) = notice.to();
    let public_url = mailroom.public_url.get().ok_or("expected `public-url` in the configuration or a node that listens, found neither")?;
    let path = app.link_for(kind, tenant, person, crate::clock::real()).await.map_err(|fault| fault.to_string())?;
    Ok(path.map(|path| format!("{public_url}{path}")))
}

/// The address that stops mails such as this one; none before it is known where people reach the pages.
async fn stop(app: &App, mailroom: &Mailroom, notice: &Claimed) -> Result<Option<String>, String> {
    let (Ok(kind), Some(public_url)) = (notice.kind.parse::<notice::Kind>(), mailroom.public_url.get()) else { return Ok(None) };
    let (tenant, person) = notice.to();
    let path = app.stop_link(kind, tenant, person).await.map_err(|fault| fault.to_string())?;
    Ok(path.map(|path| format!("{public_url}{path}")))
}

/// A message written out for its medium.
enum Ready {
    Letter(Rendered),
    Short(ShortMessage),
}

/// What the two media ask of a row.
struct Facts {
    kind: notice::Kind,
    language: notice::Language,
    context: notice::Context,
    to: String,
}

fn facts(notice: &Claimed) -> Result<Facts, String> {
    let kind = notice.kind.parse().map_err(|unknown: notice::kind::UnknownKind| format!("unknown kind {}", unknown.0))?;
    let context = serde_json::from_slice(&notice.context).map_err(|cause| format!("reading the context: {cause}"))?;
    let to = notice.address.clone().ok_or_else(|| "the recipient has no address".to_owned())?;
    Ok(Facts { kind, language: notice::Language::of(&notice.language), context, to })
}

/// The short message, when its text is approved as it stands now: carriers drop others, or worse.
fn short(mailroom: &Mailroom, notice: &Claimed) -> Result<ShortMessage, String> {
    let Facts { kind, language, context, to } = facts(notice)?;
    // Several in one have a text of their own, which says how many.
    let (kind, context) = match together(notice) {
        None => (kind, context),
        count => (Kind::Folded, Context { count, ..Context::default() }),
    };
    let templates = &mailroom.templates;
    let wording = templates.short_digest(kind, language).ok_or_else(|| format!("`{kind}` has no short message"))?;
    let approval = notice.known.texts.cleared(kind, language, wording).map_err(|withheld| withheld.to_string())?;
    let text = templates.short(kind, language, &context).map_err(|cause| cause.to_string())?;
    let template = approval.template.clone().unwrap_or_default();
    let values = templates.short_values(kind, language, &context);
    Ok(ShortMessage { id: name(notice), to, text, template, values, signature: templates.signature().of(language).to_owned(), date: notice.due })
}

/// How many leave together; `None` for one that goes alone.
fn together(notice: &Claimed) -> Option<u32> {
    notice.fold().and_then(|_| u32::try_from(notice.with.len() + 1).ok())
}

/// What the message is called at every attempt: by the notice's key, or by the name of what leaves together.
fn name(notice: &Claimed) -> String {
    notice.fold().map_or_else(|| notice.key.clone(), str::to_owned)
}

fn letter(mailroom: &Mailroom, notice: &Claimed, link: Option<String>, unsubscribe: Option<String>) -> Result<Rendered, String> {
    let Facts { kind, language, mut context, to } = facts(notice)?;
    context.link = link;
    let text = if together(notice).is_some() {
        let with: Vec<(Kind, Context)> = notice.with.iter().map(|other| facts(other).map(|facts| (facts.kind, facts.context))).collect::<Result<_, _>>()?;
        let all: Vec<(Kind, Context)> = std::iter::once((kind, context)).chain(with).collect();
        mailroom.templates.folded(language, &all)
    } else {
        mailroom.templates.letter(kind, language, &context)
    };
    let text = text.map_err(|cause| cause.to_string())?;
    Ok(Rendered {
        message_id: message_id(&name(notice), &mailroom.origin),
        from: mailroom.from.clone(),
        to,
        subject: text.subject,
        text: text.text,
        date: notice.due,
        unsubscribe,
    })
}
