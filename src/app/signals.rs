//! Signals to other cases: a row for each case that listened, made in the commit that gave the signal, becomes a command of that case.
//! Invariant: the command's id follows from who gave the signal and who hears it, so that one delivered twice is heard once.

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::Fault;
use crate::identity::Actor;
use crate::ids::{CommandId, Moment};
use crate::limits::{SIGNAL_DOUBLINGS_MAX, SIGNAL_PAUSE_MS, SIGNAL_PAUSE_MS_MAX, SIGNALS_PER_TURN_MAX};
use crate::store::SignalRow;

impl App {
    /// Delivers signals to the cases that listened when they were given, the oldest first, one turn; answers how many.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn deliver_signals(&self) -> Result<usize, Fault> {
        let signals = self.store().signals(self.clock().now(), SIGNALS_PER_TURN_MAX).await.map_err(|cause| Fault::new("looking for signals", cause))?;
        let mut delivered = 0;
        for signal in &signals {
            delivered += usize::from(self.deliver_signal(signal).await?);
        }
        Ok(delivered)
    }

    /// Delivers one. A case that refuses it or cannot be read keeps nobody else waiting: it is asked again after a pause, which doubles each time.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn deliver_signal(&self, signal: &SignalRow) -> Result<bool, Fault> {
        let act = Act::Signal { name: signal.signal.as_str().into(), from: signal.sender };
        let order = Order { tenant: signal.tenant, case: Some(signal.receiver), actor: Actor::System, command_id: Some(command_of(signal)), act };
        match self.execute(order).await {
            Ok(_) => {
                self.store().signal_delivered(signal).await.map_err(|cause| Fault::new("recording a signal as delivered", cause))?;
                Ok(true)
            }
            Err(failure) => {
                let pause = (SIGNAL_PAUSE_MS << signal.tries.clamp(0, SIGNAL_DOUBLINGS_MAX)).min(SIGNAL_PAUSE_MS_MAX);
                tracing::error!(case = %signal.receiver, tries = signal.tries, %failure, "a signal could not be delivered; it is tried again after a pause");
                let again = Moment(self.clock().now().0 + pause);
                self.store().signal_refused(signal, again).await.map_err(|cause| Fault::new("recording that a signal was refused", cause))?;
                Ok(false)
            }
        }
    }
}

/// The same signal to the same case is the same command.
fn command_of(signal: &SignalRow) -> CommandId {
    CommandId::of(&format!("signal {} {} {} {} {}", signal.tenant.0, signal.sender, signal.seq, signal.place, signal.receiver))
}
