//! Lines on their way to a service: packed into parcels, a few parcels under way at a time.

use super::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Parcels under way at once; with more of them, generating waits.
const MAX_UNDER_WAY: usize = 4;

/// What the service has confirmed so far. Shared with the deliveries under way.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Lines confirmed.
    pub(crate) lines: AtomicU64,
    /// Firehose records or S3 objects confirmed.
    pub(crate) records: AtomicU64,
    /// Bytes of those records or objects, as they were sent.
    pub(crate) record_bytes: AtomicU64,
    /// Calls made, failed ones included.
    pub(crate) put_calls: AtomicU64,
    /// Entries sent again because the service had not taken them.
    pub(crate) resent_entries: AtomicU64,
    /// Answers that asked for a slower pace.
    pub(crate) throttles: AtomicU64,
}

impl Traffic {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

/// Packs lines for one service and delivers what it packed.
pub(crate) trait Carrier {
    /// What travels in one delivery.
    type Parcel;

    /// Adds a line; returns the parcel before it when the line does not fit into that any more.
    fn pack(&mut self, line: &[u8]) -> Result<Option<Self::Parcel>, Error>;

    /// The lines not yet in a parcel, if any.
    fn close(&mut self) -> Result<Option<Self::Parcel>, Error>;

    /// Delivers a parcel, with as many attempts as the service is worth, counting what arrives.
    fn deliver(
        &self,
        parcel: Self::Parcel,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static;
}

/// Sends lines through a carrier: at once when a parcel is full, else when it is old enough.
pub(crate) struct Shipping<C: Carrier> {
    carrier: C,
    traffic: Arc<Traffic>,
    max_delay: Duration,
    /// When the first line that is not under way yet came in.
    waiting_since: Option<Instant>,
    under_way: JoinSet<Result<(), Error>>,
    accepted_lines: u64,
}

impl<C: Carrier> Shipping<C> {
    pub(crate) fn new(carrier: C, traffic: Arc<Traffic>, max_delay: Duration) -> Self {
        Self {
            carrier,
            traffic,
            max_delay,
            waiting_since: None,
            under_way: JoinSet::new(),
            accepted_lines: 0,
        }
    }

    /// Accepts a line; waits while too many parcels are under way.
    ///
    /// # Errors
    /// A parcel could not be delivered. The error counts every accepted line that has not arrived.
    pub(crate) async fn push(&mut self, line: &[u8]) -> Result<(), Error> {
        self.accepted_lines += 1;
        match self.carrier.pack(line) {
            Ok(None) => {
                self.waiting_since.get_or_insert_with(Instant::now);
                Ok(())
            }
            Ok(Some(parcel)) => {
                self.waiting_since = Some(Instant::now());
                self.send(parcel).await
            }
            Err(error) => Err(self.settle(error).await),
        }
    }

    /// When the oldest waiting line must leave.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waiting_since.map(|since| since + self.max_delay)
    }

    /// Sends what has waited long enough.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub(crate) async fn send_due(&mut self) -> Result<(), Error> {
        match self.deadline() {
            Some(deadline) if deadline <= Instant::now() => self.send_waiting().await,
            _ => Ok(()),
        }
    }

    /// Sends what waits, and returns when every accepted line has arrived.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        self.send_waiting().await?;
        while let Some(outcome) = self.under_way.join_next().await {
            self.check(outcome).await?;
        }
        Ok(())
    }

    async fn send_waiting(&mut self) -> Result<(), Error> {
        self.waiting_since = None;
        match self.carrier.close() {
            Ok(Some(parcel)) => self.send(parcel).await,
            Ok(None) => Ok(()),
            Err(error) => Err(self.settle(error).await),
        }
    }

    async fn send(&mut self, parcel: C::Parcel) -> Result<(), Error> {
        while let Some(outcome) = self.under_way.try_join_next() {
            self.check(outcome).await?;
        }
        if self.under_way.len() >= MAX_UNDER_WAY
            && let Some(outcome) = self.under_way.join_next().await
        {
            self.check(outcome).await?;
        }
        self.under_way.spawn(self.carrier.deliver(parcel));
        Ok(())
    }

    async fn check(
        &mut self,
        outcome: Result<Result<(), Error>, tokio::task::JoinError>,
    ) -> Result<(), Error> {
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.settle(error).await),
            Err(error) => Err(self.settle(Error::Task(error)).await),
        }
    }

    /// Lets the other deliveries end, so that the count of missing lines is exact.
    async fn settle(&mut self, error: Error) -> Error {
        while self.under_way.join_next().await.is_some() {}
        let arrived = Traffic::get(&self.traffic.lines);
        Error::NotDelivered { lines: self.accepted_lines - arrived, source: Box::new(error) }
    }
}
