//! Where spans and events become log lines, metrics and subsegments.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::fields::Fields;
use crate::metrics;
use crate::trace::{Begun, ENDED, SUBSEGMENT, TraceHeader, Tracer};

/// The span that the runtime makes of an invocation; it has `requestId` and `xrayTraceId`.
const INVOCATION: &str = "lambda_runtime::layers::trace";

/// Where the runtime logs that an invocation failed or panicked, which has been logged by then.
const RUNTIME_FAILURES: &str = "lambda_runtime::layers::panic";

/// What is said of every line once it is known.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) stack: String,
    pub(crate) dataset: String,
}

/// A layer that writes lines, and sends subsegments to the daemon.
pub(crate) struct Recorder {
    pub(crate) function: &'static str,
    pub(crate) identity: Arc<OnceLock<Identity>>,
    pub(crate) tracer: Option<Tracer>,
    pub(crate) write: WriteLine,
}

/// Takes one line with its end.
type WriteLine = Box<dyn Fn(&[u8]) + Send + Sync>;

/// Whether a span or an event concerns the recorder. `LOG_LEVEL` holds for log lines alone.
pub(crate) fn is_recorded(levels: &Targets, metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    match metadata.is_span() {
        true => matches!(target, SUBSEGMENT | INVOCATION),
        false => match target {
            metrics::TARGET | ENDED => true,
            RUNTIME_FAILURES => false,
            _ => levels.would_enable(target, metadata.level()),
        },
    }
}

/// Writes to stdout. What cannot be written is lost.
pub(crate) fn to_stdout(line: &[u8]) {
    let _ = std::io::stdout().lock().write_all(line);
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
        let is_subsegment = span.metadata().target() == SUBSEGMENT;
        if let Some(tracer) = self.tracer.as_ref().filter(|_| is_subsegment) {
            span.extensions_mut().insert(tracer.begin());
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == ENDED {
            if let Some(span) = context.event_span(event) {
                self.send(&span);
            }
            return;
        }
        let mut around = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                around.extend(fields);
            }
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = match event.metadata().target() {
            metrics::TARGET => self.metrics_line(&around, &fields),
            _ => self.log_line(event.metadata(), &around, &fields),
        };
        if let Some(line) = line {
            (self.write)(line.as_bytes());
        }
    }
}

impl Recorder {
    fn log_line(
        &self,
        metadata: &Metadata<'_>,
        around: &Fields,
        fields: &Fields,
    ) -> Option<String> {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp)).ok()?;
        let mut line = Fields::default();
        line.set("timestamp", timestamp);
        line.set("level", metadata.level().as_str());
        line.set("message", fields.text("message").unwrap_or_default());
        line.set("function", self.function);
        if let Some(identity) = self.identity.get() {
            line.set("dataset", identity.dataset.as_str());
        }
        line.extend(around);
        line.extend(fields);
        serde_json::to_string(&line).ok().map(|line| line + "\n")
    }

    fn metrics_line(&self, around: &Fields, fields: &Fields) -> Option<String> {
        let identity = self.identity.get()?;
        let mut common = Fields::default();
        common.set("Stack", identity.stack.as_str());
        common.set("Dataset", identity.dataset.as_str());
        common.set("Function", self.function);
        common.extend(around);
        let common = serde_json::to_string(&common).ok()?;
        let common = common.strip_suffix('}')?.strip_prefix('{')?;
        let (directive, members) = (fields.text("directive")?, fields.text("members")?);
        Some(format!("{{\"_aws\":{directive},{common},{members}}}\n"))
    }

    fn send<'s, S: LookupSpan<'s>>(&self, span: &SpanRef<'s, S>) {
        let Some(tracer) = &self.tracer else { return };
        let begun = |span: &SpanRef<'s, S>| span.extensions().get::<Begun>().cloned();
        let Some(own) = begun(span) else { return };
        let header = span.scope().from_root().find_map(|span| {
            TraceHeader::parse(span.extensions().get::<Fields>()?.text("xrayTraceId")?)
        });
        let Some(header) = header else { return };
        let parent = span.scope().skip(1).find_map(|span| begun(&span));
        let Some(mut fields) = span.extensions().get::<Fields>().cloned() else { return };
        if let Some(identity) = self.identity.get() {
            fields.set("dataset", identity.dataset.as_str());
        }
        tracer.end(&header, parent.as_ref(), &own, span.name(), &fields);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::{Value, json};
    use tracing::Level;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::catalogue::metric::{CopyTime, RowsRejectedByRule};
    use crate::failure::Coded;
    use crate::trace::tests::{TRACE, received, scripted};
    use crate::{Metrics, subsegment, traced};

    #[derive(Debug, thiserror::Error)]
    #[error("s3://lake/landing/a: no such key")]
    struct Gone;

    impl Coded for Gone {
        fn code(&self) -> &'static str {
            "transform.gone"
        }
    }

    fn invocation(trace: &str) -> tracing::Span {
        tracing::info_span!(target: INVOCATION, "invoke", requestId = "r-1", xrayTraceId = trace)
    }

    /// What is written while `work` runs, without timestamps, and by the daemon received.
    fn recorded(level: Level, work: impl FnOnce()) -> (Vec<Value>, Vec<Value>) {
        let (tracer, daemon) = scripted();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let identity = Identity { stack: "snowline-dev".into(), dataset: "orders".into() };
        let recorder = Recorder {
            function: "transform",
            identity: Arc::new(OnceLock::from(identity)),
            tracer: Some(tracer),
            write: Box::new(move |line| written.lock().unwrap().push(line.to_vec())),
        };
        let levels = Targets::new().with_default(level);
        let filter = filter_fn(move |metadata| is_recorded(&levels, metadata));
        let subscriber = tracing_subscriber::registry().with(recorder.with_filter(filter));
        tracing::subscriber::with_default(subscriber, work);
        let mut parsed = Vec::new();
        for line in lines.lock().unwrap().iter() {
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let mut line: Value = serde_json::from_slice(line).unwrap();
            if let Some(timestamp) = line.as_object_mut().unwrap().remove("timestamp") {
                assert!(timestamp.as_str().unwrap().ends_with('Z'));
            }
            parsed.push(line);
        }
        (parsed, std::iter::from_fn(|| received(&daemon)).collect())
    }

    fn object_span() -> tracing::Span {
        subsegment!("object", bucket = "lake", key = "landing/a", bytes = 7)
    }

    #[test]
    fn a_line_says_where_it_comes_from() {
        let (lines, _) = recorded(Level::INFO, || {
            let _invocation = invocation(TRACE).entered();
            tracing::warn!(tries = 2, handle = None::<&str>, "asking again");
            let _object = object_span().entered();
            tracing::info!(key = "landing/b", "another\n\"key\"");
            tracing::debug!("not to be seen");
        });
        assert_eq!(
            lines,
            [
                json!({
                    "level": "WARN", "message": "asking again", "function": "transform",
                    "dataset": "orders", "requestId": "r-1", "xrayTraceId": TRACE, "tries": 2,
                }),
                json!({
                    "level": "INFO", "message": "another\n\"key\"", "function": "transform",
                    "dataset": "orders", "requestId": "r-1", "xrayTraceId": TRACE,
                    "bucket": "lake", "key": "landing/b", "bytes": 7,
                }),
            ]
        );
    }

    #[test]
    fn metrics_say_so_too_whatever_the_level_of_the_log() {
        let (lines, _) = recorded(Level::ERROR, || {
            let _invocation = invocation(TRACE).entered();
            let _object = object_span().entered();
            tracing::warn!("not to be seen");
            tracing::error!(target: RUNTIME_FAILURES, "not to be seen twice");
            Metrics::new()
                .add(CopyTime, Duration::from_millis(3))
                .add_for(RowsRejectedByRule, "json", 2)
                .emit();
        });
        assert_eq!(lines.len(), 2);
        for (line, dimensions, members) in [
            // Beside crates that keep a number's digits, 3.0 would be another one.
            (
                &lines[0],
                json!([["Stack"]]),
                serde_json::from_str(r#"{"CopyTime": 3.000}"#).unwrap(),
            ),
            (
                &lines[1],
                json!([["Stack", "Rule"]]),
                json!({"Rule": "json", "RowsRejectedByRule": 2}),
            ),
        ] {
            assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], dimensions);
            let members: Value = members;
            let mut expected = json!({
                "_aws": line["_aws"], "Stack": "snowline-dev", "Dataset": "orders",
                "Function": "transform", "requestId": "r-1", "xrayTraceId": TRACE,
                "bucket": "lake", "key": "landing/a", "bytes": 7,
            });
            expected.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(*line, expected);
        }
    }

    #[test]
    fn subsegments_hang_under_one_another_and_under_the_invocation() {
        let (_, documents) = recorded(Level::ERROR, || {
            let _invocation = invocation(TRACE).entered();
            let read = subsegment!("read");
            let statement = subsegment!(
                "statement",
                statement = "merge",
                statement_handle = tracing::field::Empty
            );
            statement.record("statement_handle", "01b-7a");
            let work = traced(object_span(), async move {
                traced(read, async { Ok::<(), Gone>(()) }).await?;
                traced(statement, async { Err::<(), _>(Gone) }).await
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert!(runtime.block_on(work).is_err());
        });
        let [read, statement, object] = &documents[..] else { panic!("{documents:?}") };
        let start = 1_790_000_000.0;
        // The spans `read` and `statement` were made before the one that was to run them.
        assert_eq!(read["id"], "0000000000000001");
        assert_eq!(
            *object,
            json!({
                "type": "subsegment", "name": "object", "id": "0000000000000003",
                "trace_id": "1-67891233-abcdef012345678912345678", "parent_id": "53995c3f42cd8ad8",
                "start_time": start + 1.0, "end_time": start + 2.5,
                "annotations": {"dataset": "orders", "bucket": "lake", "key": "landing/a"},
                "metadata": {"default": {"bytes": 7}},
                "fault": true,
                "cause": {"exceptions": [{
                    "id": "0000000000000005", "type": "transform.gone",
                    "message": "s3://lake/landing/a: no such key",
                }]},
            })
        );
        assert_eq!(statement["name"], "merge");
        assert_eq!(statement["annotations"], json!({"dataset": "orders", "statement": "merge"}));
        assert_eq!(statement["metadata"], json!({"default": {"statement_handle": "01b-7a"}}));
        assert_eq!((read["fault"].as_bool(), statement["fault"].as_bool()), (None, Some(true)));
    }

    #[test]
    fn what_is_not_sampled_is_not_traced() {
        for trace in
            ["", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0"]
        {
            let (_, documents) = recorded(Level::INFO, || {
                let _invocation = invocation(trace).entered();
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let work = traced(object_span(), async { Ok::<(), Gone>(()) });
                runtime.block_on(work).unwrap();
            });
            assert_eq!(documents, [] as [Value; 0], "{trace}");
        }
    }
}
