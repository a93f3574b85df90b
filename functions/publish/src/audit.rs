//! The audit: ledger against staging, and landing against ledger.

use std::time::{Duration, Instant, SystemTime};

use statements::{AUDIT_GRACE_MINUTES, LANDING_DAYS};
use telemetry::Metrics;
use telemetry::metric::{AuditFindings, AuditTime, ObjectsAudited, ObjectsPending};

use crate::error::Error;
use crate::findings::Audit;
use crate::handler::{Publisher, Run, judge};
use crate::landing::KnownObjects;
use crate::report::Report;
use crate::task::Task;

/// How long landing keeps an object. One that S3 has still to remove cannot be repaired from.
const LANDING_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Publisher {
    pub(crate) async fn audit(&self, run: &Run<'_>) -> Result<Report, Error> {
        let started = Instant::now();
        let failed = |source| Error::Task { task: Task::Audit, source };
        let sql = self.statements.audit(AUDIT_GRACE_MINUTES)?;
        let rows = self.execute("audit", sql, run).await.map_err(failed)?;
        let mut audit = Audit::read(&rows).map_err(failed)?;
        self.find_not_transformed(&mut audit, SystemTime::now(), run).await?;
        Metrics::new()
            .add(ObjectsAudited, audit.objects)
            .add(ObjectsPending, audit.pending)
            .add(AuditFindings, audit.total())
            .add(AuditTime, started.elapsed())
            .emit();
        let results = audit.results();
        self.store(&results, run).await?;
        judge(&results)?;
        Ok(Report::Audit(audit))
    }

    /// Holds every object that has lain in landing for longer than the freshness SLA against the
    /// ledger in the warehouse. Both come in the order of keys, the ledger in stretches that are
    /// asked for when the listing reaches them: usually one statement, and none without objects.
    async fn find_not_transformed(
        &self,
        audit: &mut Audit,
        now: SystemTime,
        run: &Run<'_>,
    ) -> Result<(), Error> {
        let (oldest, newest) = (now - LANDING_KEPT, now - self.sla());
        let mut known = KnownObjects::none();
        let mut next = None;
        loop {
            let page = self.landing.page(next, run.deadline).await?;
            for (object, landed_at) in page.objects {
                if landed_at < oldest || landed_at > newest {
                    continue;
                }
                if !known.reaches(&object.key) {
                    known = self.known_from(&object.key, run).await?;
                }
                if !known.contains(&object) {
                    audit.add_not_transformed(self.landing.url(&object));
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    async fn known_from(&self, key: &str, run: &Run<'_>) -> Result<KnownObjects, Error> {
        let failed = |source| Error::Task { task: Task::Audit, source };
        let sql = self.statements.ledger_keys(key, LANDING_DAYS)?;
        let rows = self.execute("ledger_keys", sql, run).await.map_err(failed)?;
        KnownObjects::read(&rows).map_err(failed)
    }

    /// How long an object may lie in landing before the ledger must know it.
    fn sla(&self) -> Duration {
        let minutes =
            self.dataset.freshness.as_ref().map_or(AUDIT_GRACE_MINUTES, |sla| sla.minutes);
        Duration::from_secs(u64::from(minutes) * 60)
    }
}
