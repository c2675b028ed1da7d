//! Keeps what was sent, for tests, and fails on demand.
//! Invariant: answers come in the order they were planned; unplanned, every message is taken. Never: outside tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Receipt, Rendered, SendError, ShortMessage};

/// A channel that ends here. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Rendered>,
    sent_short: Vec<ShortMessage>,
    attempts: u32,
    planned: VecDeque<SendError>,
}

impl Memory {
    /// What was taken, in order; a message sent twice is there twice.
    #[must_use]
    pub fn sent(&self) -> Vec<Rendered> {
        self.lock().sent.clone()
    }

    /// The short messages taken, likewise.
    #[must_use]
    pub fn sent_short(&self) -> Vec<ShortMessage> {
        self.lock().sent_short.clone()
    }

    /// How often somebody tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.lock().attempts
    }

    /// Lets a coming attempt fail; planned failures queue up.
    pub fn fail_next(&self, error: SendError) {
        self.lock().planned.push_back(error);
    }

    pub(super) fn send(&self, message: &Rendered) -> Result<Receipt, SendError> {
        self.take(|inner| inner.sent.push(message.clone()))
    }

    pub(super) fn send_short(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        self.take(|inner| inner.sent_short.push(message.clone()))
    }

    fn take(&self, keep: impl FnOnce(&mut Inner)) -> Result<Receipt, SendError> {
        let mut inner = self.lock();
        inner.attempts += 1;
        if let Some(error) = inner.planned.pop_front() {
            return Err(error);
        }
        keep(&mut inner);
        Ok(Receipt::said("kept in memory".to_owned()))
    }

    /// A test that panicked while it held the lock has left whole values behind.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
