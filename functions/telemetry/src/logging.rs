//! Log lines and error chains.

use std::error::Error;

use lambda_runtime::Diagnostic;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Sends log lines to stdout as JSON, one object a line, with the request id of the invocation.
///
/// `LOG_LEVEL` is a level (`warn`) or levels by module (`info,transform=debug`); without it, and
/// when it cannot be read, the level is `info`. Calls after the first change nothing.
pub fn init() {
    let wanted = std::env::var("LOG_LEVEL").unwrap_or_default();
    let parsed = level_filter(&wanted);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_span_list(false);
    let first = tracing_subscriber::registry()
        .with(lines.with_filter(parsed.clone().unwrap_or_else(info)))
        .try_init()
        .is_ok();
    if first && parsed.is_none() {
        tracing::warn!(LOG_LEVEL = wanted, "LOG_LEVEL is not a level; using info");
    }
}

fn info() -> Targets {
    Targets::new().with_default(tracing::Level::INFO)
}

fn level_filter(wanted: &str) -> Option<Targets> {
    match wanted {
        "" => Some(info()),
        text => text.parse().ok(),
    }
}

/// An error and everything that caused it, outermost first: `outer: inner: root`.
///
/// A cause whose text already ends the line is left out, so that errors which quote their source
/// do not say it twice.
pub fn error_chain(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !chain.ends_with(&text) {
            chain.push_str(": ");
            chain.push_str(&text);
        }
        cause = error.source();
    }
    chain
}

/// An error as a handler returns it to the Lambda runtime, with its whole chain as the message.
///
/// The runtime writes a returned `Diagnostic` to the log once, at level error, and reports it to
/// the platform: a handler that returns this logs nothing itself.
pub fn diagnostic<E: Error>(error: &E) -> Diagnostic {
    Diagnostic {
        error_type: std::any::type_name::<E>().to_owned(),
        error_message: error_chain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[derive(Debug)]
    struct Layered(&'static str, Option<Box<Layered>>);

    impl std::fmt::Display for Layered {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layered {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|error| error as _)
        }
    }

    fn layered(texts: &[&'static str]) -> Layered {
        let (first, rest) = texts.split_first().unwrap();
        Layered(first, (!rest.is_empty()).then(|| Box::new(layered(rest))))
    }

    #[test]
    fn error_chain_names_every_cause_once() {
        for (texts, chain) in [
            (&["outer"][..], "outer"),
            (&["outer", "inner", "root"], "outer: inner: root"),
            (&["outer: inner", "inner", "root"], "outer: inner: root"),
        ] {
            assert_eq!(error_chain(&layered(texts)), chain);
        }
    }

    #[test]
    fn a_diagnostic_carries_the_root_cause() {
        let diagnostic = diagnostic(&layered(&["s3://b/k: cannot read", "timed out"]));
        assert_eq!(diagnostic.error_message, "s3://b/k: cannot read: timed out");
        assert!(diagnostic.error_type.ends_with("Layered"));
    }

    #[test]
    fn log_level_is_a_level_or_levels_by_module() {
        for (wanted, module, level, enabled) in [
            ("", "load", Level::INFO, true),
            ("", "load", Level::DEBUG, false),
            ("WARN", "load", Level::INFO, false),
            ("info,transform=debug", "transform::store", Level::DEBUG, true),
            ("info,transform=debug", "load", Level::DEBUG, false),
        ] {
            let filter = level_filter(wanted).unwrap();
            assert_eq!(filter.would_enable(module, &level), enabled, "{wanted} {module}");
        }
        assert!(level_filter("transform=loud").is_none());
    }
}
