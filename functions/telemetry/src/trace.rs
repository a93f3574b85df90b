//! Subsegments of AWS X-Ray: how long the parts of an invocation took, in the trace of which Lambda
//! keeps the invocation itself.
//!
//! A subsegment is a span made by [`subsegment!`](crate::subsegment) that was run by [`traced`]. It
//! is sent to the daemon that Lambda runs beside a function, as the [segment document] says, in a
//! datagram. Nobody waits for that, and nobody learns when it is lost.
//!
//! [segment document]: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::{Instrument, Span};

use crate::failure::{Coded, error_chain};
use crate::fields::Fields;

/// Target of spans that are subsegments.
#[doc(hidden)]
pub const SUBSEGMENT: &str = "telemetry::subsegment";

/// Target of the events that end subsegments.
pub(crate) const ENDED: &str = "telemetry::ended";

/// What goes before a document in its datagram.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Longest annotation, and longest message of a cause, in characters. X-Ray takes documents of up
/// to 64 KB.
const TEXT_CHARS: usize = 1_000;

/// A span that becomes a subsegment of its name, or of the name of its field `statement`. Its texts
/// become annotations, by which traces are found; numbers and `statement_handle` become metadata.
#[macro_export]
macro_rules! subsegment {
    ($name:literal $(, $($fields:tt)+)?) => {
        $crate::__tracing::info_span!(
            target: $crate::SUBSEGMENT,
            $name,
            code = $crate::__tracing::field::Empty,
            error = $crate::__tracing::field::Empty,
            $($($fields)+)?
        )
    };
}

/// Does work as a subsegment, which is a fault when the work fails.
///
/// # Errors
/// Those of the work.
pub async fn traced<T, E: Coded>(
    span: Span,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        span.record("code", error.code());
        span.record("error", error_chain(error));
    }
    // Not left to the end of the span: tasks that it started may hold it for longer.
    tracing::info!(target: ENDED, parent: &span, "ended");
    outcome
}

/// The trace of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    trace_id: String,
    /// The segment of the invocation.
    parent: String,
}

impl TraceHeader {
    /// Reads `Root=1-...;Parent=...;Sampled=1`; none when nothing is to be traced.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let header =
            || Some(Self { trace_id: field("Root")?.into(), parent: field("Parent")?.into() });
        header().filter(|_| field("Sampled") == Some("1"))
    }
}

/// A subsegment under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) id: String,
    at: SystemTime,
}

/// Where subsegments are sent.
pub(crate) struct Tracer {
    daemon: UdpSocket,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    new_id: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Tracer {
    /// Traces to the daemon at this address (`169.254.79.129:2000`); none if there is no daemon.
    pub(crate) fn connect(address: &str) -> Option<Self> {
        let address: SocketAddr = address.parse().ok()?;
        let daemon = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        daemon.set_nonblocking(true).ok()?;
        daemon.connect(address).ok()?;
        // The seed is random, and a number hashes to another with each.
        let (seed, count) = (RandomState::new(), AtomicU64::new(0));
        Some(Self {
            daemon,
            clock: Box::new(SystemTime::now),
            new_id: Box::new(move || seed.hash_one(count.fetch_add(1, Ordering::Relaxed))),
        })
    }

    pub(crate) fn begin(&self) -> Begun {
        Begun { id: self.id(), at: (self.clock)() }
    }

    /// Sends a subsegment that has come to its end; `parent` encloses it, or else the invocation.
    pub(crate) fn end(
        &self,
        trace: &TraceHeader,
        parent: Option<&Begun>,
        begun: &Begun,
        name: &str,
        fields: &Fields,
    ) {
        let parent = parent.map_or(&trace.parent, |parent| &parent.id);
        let mut document = json!({
            "type": "subsegment",
            "name": fields.text("statement").unwrap_or(name),
            "id": begun.id,
            "trace_id": trace.trace_id,
            "parent_id": parent,
            "start_time": seconds(begun.at),
            "end_time": seconds((self.clock)()),
        });
        let (annotations, metadata) = annotations(fields);
        document["annotations"] = annotations.into();
        if !metadata.is_empty() {
            document["metadata"] = json!({ "default": metadata });
        }
        if let Some(code) = fields.text("code") {
            let message = cut(fields.text("error").unwrap_or_default());
            let exception = json!({"id": self.id(), "type": code, "message": message});
            document["fault"] = true.into();
            document["cause"] = json!({ "exceptions": [exception] });
        }
        // Whoever traces waits for nothing: a datagram that cannot be sent at once is lost.
        let _ = self.daemon.send(format!("{HEADER}{document}").as_bytes());
    }

    fn id(&self) -> String {
        format!("{:016x}", (self.new_id)())
    }
}

fn annotations(fields: &Fields) -> (Map<String, Value>, Map<String, Value>) {
    let (mut annotations, mut metadata) = (Map::new(), Map::new());
    for (name, value) in fields.iter() {
        match (name, value.as_str()) {
            ("code" | "error", _) => {}
            ("statement_handle", _) | (_, None) => {
                metadata.insert(name.to_owned(), value.clone());
            }
            (_, Some(text)) => {
                annotations.insert(name.to_owned(), cut(text).into());
            }
        }
    }
    (annotations, metadata)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

fn seconds(time: SystemTime) -> f64 {
    let micros = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    micros as f64 / 1e6
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;

    pub(crate) const TRACE: &str = "Root=1-67891233-abcdef012345678912345678;\
                                    Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0";

    /// A tracer whose clock ticks every half second and whose ids are 1, 2, ..., and its daemon.
    pub(crate) fn scripted() -> (Tracer, UdpSocket) {
        let daemon = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        daemon.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut tracer = Tracer::connect(&daemon.local_addr().unwrap().to_string()).unwrap();
        let (ticks, count) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        tracer.clock = Box::new(move || {
            start + Duration::from_millis(500) * ticks.fetch_add(1, Ordering::Relaxed) as u32
        });
        tracer.new_id = Box::new(move || count.fetch_add(1, Ordering::Relaxed) + 1);
        (tracer, daemon)
    }

    /// The next document the daemon has; none when there is none.
    pub(crate) fn received(daemon: &UdpSocket) -> Option<Value> {
        let mut datagram = vec![0; 65_536];
        let length = daemon.recv(&mut datagram).ok()?;
        let text = std::str::from_utf8(&datagram[..length]).unwrap();
        Some(serde_json::from_str(text.strip_prefix(HEADER).unwrap()).unwrap())
    }

    #[test]
    fn only_what_is_sampled_is_traced() {
        let header = TraceHeader::parse(TRACE).unwrap();
        assert_eq!(header.trace_id, "1-67891233-abcdef012345678912345678");
        assert_eq!(header.parent, "53995c3f42cd8ad8");
        for text in [
            "",
            "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0",
            "Root=1-67891233-abcdef012345678912345678;Sampled=1",
            "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(TraceHeader::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_differ_and_no_daemon_is_no_error() {
        let tracer = Tracer::connect("127.0.0.1:9").unwrap();
        let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| tracer.id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16));
        let trace = TraceHeader::parse(TRACE).unwrap();
        for _ in 0..3 {
            tracer.end(&trace, None, &tracer.begin(), "read", &Fields::default());
        }
        for address in ["", "localhost", "169.254.79.129"] {
            assert!(Tracer::connect(address).is_none(), "{address}");
        }
    }

    #[test]
    fn a_document_stays_far_below_what_x_ray_takes() {
        let (tracer, daemon) = scripted();
        let mut fields = Fields::default();
        for name in ["key", "error"] {
            fields.set(name, "\u{1F600}".repeat(70_000));
        }
        fields.set("code", "transform.object_unreadable");
        let trace = TraceHeader::parse(TRACE).unwrap();
        tracer.end(&trace, None, &tracer.begin(), "read", &fields);
        let document = received(&daemon).unwrap();
        assert!(document.to_string().len() < 10_000);
    }
}
