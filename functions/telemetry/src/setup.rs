//! Set-up, at the start of a process.

use std::panic::{PanicHookInfo, set_hook};
use std::sync::{Arc, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::prelude::*;

use crate::failure::PANICKED;
use crate::recorder::{Identity, Recorder, is_recorded, to_stdout};
use crate::trace::Tracer;

/// The telemetry of this process.
#[derive(Debug)]
pub struct Telemetry {
    identity: Arc<OnceLock<Identity>>,
}

impl Telemetry {
    /// Says whose telemetry it is, as soon as the configuration is read; once. From then on lines
    /// name the dataset, and metrics are written.
    pub fn identify(&self, stack: &str, dataset: &str) {
        let _ =
            self.identity.set(Identity { stack: stack.to_owned(), dataset: dataset.to_owned() });
    }
}

/// Sends log lines and metrics to stdout, and traces to the daemon at `AWS_XRAY_DAEMON_ADDRESS`, if
/// there is one. A panic becomes a log line that tells where it was, and not what it said.
///
/// `LOG_LEVEL` is a level (`warn`) or levels by module (`info,transform=debug`); without it, and
/// when it cannot be read, the level is `info`. Calls after the first change nothing.
pub fn init(function: &'static str, lookup: impl Fn(&str) -> Option<String>) -> Telemetry {
    let identity = Arc::new(OnceLock::new());
    let wanted = lookup("LOG_LEVEL").unwrap_or_default();
    let parsed = levels(&wanted);
    let recorder = Recorder {
        function,
        identity: Arc::clone(&identity),
        tracer: lookup("AWS_XRAY_DAEMON_ADDRESS").and_then(|address| Tracer::connect(&address)),
        write: Box::new(to_stdout),
    };
    let levels = parsed.clone().unwrap_or_else(info);
    let most = Filter::<Registry>::max_level_hint(&levels).unwrap_or(LevelFilter::TRACE);
    let filter = filter_fn(move |metadata| is_recorded(&levels, metadata))
        .with_max_level_hint(most.max(LevelFilter::INFO));
    if tracing_subscriber::registry().with(recorder.with_filter(filter)).try_init().is_ok() {
        set_hook(Box::new(log_panic));
        if parsed.is_none() {
            tracing::warn!(LOG_LEVEL = wanted, "LOG_LEVEL is not a level; using info");
        }
    }
    Telemetry { identity }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string);
    tracing::error!(code = PANICKED, at, "panicked");
}

fn info() -> Targets {
    Targets::new().with_default(tracing::Level::INFO)
}

fn levels(wanted: &str) -> Option<Targets> {
    match wanted {
        "" => Some(info()),
        text => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn log_level_is_a_level_or_levels_by_module() {
        for (wanted, module, level, enabled) in [
            ("", "load", Level::INFO, true),
            ("", "load", Level::DEBUG, false),
            ("WARN", "load", Level::INFO, false),
            ("info,transform=debug", "transform::store", Level::DEBUG, true),
            ("info,transform=debug", "load", Level::DEBUG, false),
        ] {
            let levels = levels(wanted).unwrap();
            assert_eq!(levels.would_enable(module, &level), enabled, "{wanted} {module}");
        }
        assert!(levels("transform=loud").is_none());
    }
}
