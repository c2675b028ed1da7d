//! Keeps what was sent, for tests, and fails on demand.
//! Invariant: answers come in the order they were planned; unplanned, every message is taken. Never: outside tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Receipt, Rendered, SendError};

/// A channel that ends here. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Rendered>,
    attempts: u32,
    planned: VecDeque<SendError>,
}

impl Memory {
    /// What was taken, in order; a message sent twice is there twice.
    #[must_use]
    pub fn sent(&self) -> Vec<Rendered> {
        self.lock().sent.clone()
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
        let mut inner = self.lock();
        inner.attempts += 1;
        if let Some(error) = inner.planned.pop_front() {
            return Err(error);
        }
        inner.sent.push(message.clone());
        Ok(Receipt { detail: "kept in memory".to_owned() })
    }

    /// A test that panicked while it held the lock has left whole values behind.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
