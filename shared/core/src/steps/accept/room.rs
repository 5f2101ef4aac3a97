//! Whether a lane takes more.

use jiff::Timestamp;

use super::{Acceptor, Declined};
use likeness_domain::kind::Kind;

/// Steps of a workflow that was accepted may fill a lane to so many times what others may, so that a request that was
/// refused for a full lane does not get in before them.
const ROOM_FOR_STEPS: u64 = 2;

impl Acceptor {
    /// Sees whether the lane of `kind` takes more. `begun`: it is a step of a workflow that was accepted. Requests at
    /// the same moment may pass it together, so that a backlog exceeds the limit by what they bring.
    ///
    /// # Errors
    /// It does not ([`Declined::LaneFull`]), or the table was out of reach.
    pub async fn room(&self, kind: &Kind, begun: bool, now: Timestamp) -> Result<(), Declined> {
        let Some(lane) = kind.lane() else { return Ok(()) };
        let limit = u64::from(self.backlog.0);
        let (most, room) = (limit * ROOM_FOR_STEPS, if begun { limit * ROOM_FOR_STEPS } else { limit });
        let waiting = self.store.backlog(lane, most).await?;
        if waiting < room {
            return Ok(());
        }
        let admission_state = self.store.admission_state().await?;
        Err(Declined::LaneFull { lane, room_in: admission_state.time_for(waiting - room + 1, now) })
    }
}
