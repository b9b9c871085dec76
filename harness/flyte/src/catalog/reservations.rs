//! Reservations: who computes a result that others wait for.

use jiff::Timestamp;

use super::{Catalog, dataset_key, in_dataset, required};
use crate::admin::error::AdminError;
use crate::proto::datacatalog::{GetOrExtendReservationRequest, ReleaseReservationRequest, Reservation, ReservationId};
use crate::proto_time;
use crate::stores::InDataset;

impl Catalog {
    /// `GetOrExtendReservation`: the caller's own, if nobody else holds one that is in force; else theirs.
    ///
    /// # Errors
    /// `InvalidArgument` if the request lacks a part.
    pub(super) fn reserve(&self, request: GetOrExtendReservationRequest) -> Result<Reservation, AdminError> {
        let key = key(request.reservation_id.as_ref())?;
        required("owner_id", &request.owner_id)?;
        let asked = request
            .heartbeat_interval
            .and_then(|asked| std::time::Duration::try_from(asked).ok());
        let heartbeat = asked.map_or(self.config.heartbeat, |asked| asked.min(self.config.heartbeat));
        let now = self.clock.now();
        let expires = now + heartbeat.saturating_mul(self.config.grace);
        let own = Reservation {
            reservation_id: request.reservation_id,
            owner_id: request.owner_id,
            heartbeat_interval: prost_types::Duration::try_from(heartbeat).ok(),
            expires_at: Some(proto_time::timestamp(expires)),
            metadata: None,
        };
        self.database.write(|tables| {
            if let Some(held) = tables.reservations.get(&key)
                && held.owner_id != own.owner_id
                && !expired(held, now)
            {
                return Ok(held.clone());
            }
            tables.reservations.put(key, own.clone());
            Ok(own)
        })
    }

    /// `ReleaseReservation`: gives up the caller's own. That there is none is no error.
    ///
    /// # Errors
    /// `InvalidArgument` if the request lacks a part.
    pub(super) fn release(&self, request: &ReleaseReservationRequest) -> Result<(), AdminError> {
        let key = key(request.reservation_id.as_ref())?;
        required("owner_id", &request.owner_id)?;
        self.database.write(|tables| {
            let own = tables.reservations.get(&key).is_some_and(|held| held.owner_id == request.owner_id);
            tables.reservations.retain(|held, _| !(own && *held == key));
            Ok(())
        })
    }
}

fn key(id: Option<&ReservationId>) -> Result<InDataset, AdminError> {
    let id = id.ok_or_else(|| AdminError::missing("reservation_id"))?;
    required("tag_name", &id.tag_name)?;
    Ok(in_dataset(&dataset_key(id.dataset_id.as_ref())?, &id.tag_name))
}

fn expired(held: &Reservation, now: Timestamp) -> bool {
    let expires = held.expires_at.as_ref();
    let expires = expires.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
    expires.is_none_or(|expires| expires < now)
}
