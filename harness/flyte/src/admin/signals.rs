//! `SignalService`: what gate nodes wait for.

use super::error::AdminError;
use super::inputs::fits;
use super::paging::page;
use super::state::Admin;
use crate::proto::admin::{Signal, SignalGetOrCreateRequest, SignalList, SignalListRequest, SignalSetRequest};
use crate::proto::core::SignalIdentifier;
use crate::stores::SignalKey;

impl Admin {
    /// A signal, which is made if it is not there: `GetOrCreateSignal`.
    pub(crate) fn get_or_create_signal(&self, request: SignalGetOrCreateRequest) -> Result<Signal, AdminError> {
        let key = self.signal_key(request.id.as_ref())?;
        if request.r#type.is_none() {
            return Err(AdminError::missing("type"));
        }
        self.database.write(|tables| {
            if let Some(signal) = tables.signals.get(&key) {
                return Ok(signal.clone());
            }
            let signal = Signal {
                id: request.id,
                r#type: request.r#type,
                value: None,
            };
            tables.signals.put(key, signal.clone());
            Ok(signal)
        })
    }

    /// Signals of a run: `ListSignals`.
    pub(crate) fn list_signals(&self, request: &SignalListRequest) -> Result<SignalList, AdminError> {
        let (execution, _) = self.execution_row(request.workflow_execution_id.as_ref())?;
        let first = SignalKey {
            execution: execution.clone(),
            signal: String::new(),
        };
        let signals = self.database.read(|tables| {
            let rows = tables.signals.iter_from(&first);
            let rows = rows.take_while(|(key, _)| key.execution == execution);
            rows.map(|(_, signal)| signal.clone()).collect()
        })?;
        let page = page(signals, request.limit, &request.token)?;
        Ok(SignalList {
            signals: page.items,
            token: page.token,
        })
    }

    /// Gives a signal its value: `SetSignal`.
    pub(crate) fn set_signal(&self, request: SignalSetRequest) -> Result<(), AdminError> {
        let key = self.signal_key(request.id.as_ref())?;
        let value = request.value.ok_or_else(|| AdminError::missing("value"))?;
        self.database.write(|tables| {
            let mut signal = tables.signals.get(&key).cloned().ok_or_else(|| {
                AdminError::not_found(format!(
                    "missing entity of type signal with identifier [{}] of [{}]",
                    key.signal, key.execution.name
                ))
            })?;
            if signal.r#type.as_ref().is_some_and(|declared| !fits(&value, declared)) {
                return Err(AdminError::invalid(format!(
                    "requested signal value is not castable to existing signal type of [{}]",
                    key.signal
                )));
            }
            signal.value = Some(value);
            tables.signals.put(key, signal);
            Ok(())
        })
    }

    fn signal_key(&self, id: Option<&SignalIdentifier>) -> Result<SignalKey, AdminError> {
        let id = id.ok_or_else(|| AdminError::missing("id"))?;
        if id.signal_id.is_empty() {
            return Err(AdminError::missing("signal_id"));
        }
        let (execution, _) = self.execution_row(id.execution_id.as_ref())?;
        Ok(SignalKey {
            execution,
            signal: id.signal_id.clone(),
        })
    }
}
