//! `SignalService`. Signals belong to gate nodes, which this control plane refuses to register, so there is never one.

use super::error::AdminError;
use super::state::Admin;
use crate::proto::admin::{SignalList, SignalListRequest, SignalSetRequest};

impl Admin {
    /// Signals of a run: `ListSignals`.
    pub(crate) fn list_signals(&self, request: &SignalListRequest) -> Result<SignalList, AdminError> {
        self.execution_row(request.workflow_execution_id.as_ref())?;
        Ok(SignalList::default())
    }

    /// Gives a signal its value: `SetSignal`.
    pub(crate) fn set_signal(&self, request: &SignalSetRequest) -> Result<(), AdminError> {
        let id = request.id.as_ref().ok_or_else(|| AdminError::missing("id"))?;
        let (key, _) = self.execution_row(id.execution_id.as_ref())?;
        Err(AdminError::not_found(format!(
            "missing entity of type signal with identifier [{}] of [{}]",
            id.signal_id, key.name
        )))
    }
}
