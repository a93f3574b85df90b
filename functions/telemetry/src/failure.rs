//! What becomes of an error: a code, a log line, and the answer to the platform.

use std::error::Error;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::task::Poll;

use lambda_runtime::Diagnostic;

/// An error with a stable code, by which docs/troubleshooting.md explains it.
pub trait Coded: Error {
    /// The code: the part of the system, a point, and what is wrong (`snowflake.unauthorized`).
    fn code(&self) -> &'static str;

    /// Handle of the Snowflake statement that it is about.
    fn statement_handle(&self) -> Option<&str> {
        None
    }
}

/// Code of an invocation that panicked: a defect.
pub(crate) const PANICKED: &str = "function.panicked";

/// Logs an error with its code and its whole chain, at level error. A handler does so once for each
/// error that it returns, where the spans around say what it is about.
pub fn log_failure(error: &impl Coded, what: &str) {
    let (code, statement_handle) = (error.code(), error.statement_handle());
    tracing::error!(code, statement_handle, error = error_chain(error), "{what}");
}

/// Runs the work of an invocation, and answers with an error's code and its whole chain.
///
/// A panic is an error like any other, and says no more than that: its message may hold what was
/// being read. The work is boxed, because the compiler gives up on the size of so deep a nest of
/// futures.
pub async fn answer<T, E: Coded>(
    mut work: Pin<Box<impl Future<Output = Result<T, E>>>>,
) -> Result<T, Diagnostic> {
    let outcome =
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        });
    match outcome.await {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(Diagnostic {
            error_type: error.code().to_owned(),
            error_message: error_chain(&error),
        }),
        None => Err(Diagnostic {
            error_type: PANICKED.to_owned(),
            error_message: "the function panicked".to_owned(),
        }),
    }
}

/// Logs why a function cannot start; returns how its process ends.
pub fn cannot_start(error: &(dyn Error + 'static)) -> ExitCode {
    tracing::error!(code = "function.cannot_start", error = error_chain(error), "cannot start");
    ExitCode::FAILURE
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

#[cfg(test)]
mod tests {
    use super::*;

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

    impl Coded for Layered {
        fn code(&self) -> &'static str {
            self.0
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

    #[tokio::test]
    async fn an_answer_carries_the_code_and_the_root_cause() {
        let failing = async { Err::<(), _>(layered(&["s3://b/k: cannot read", "timed out"])) };
        let diagnostic = answer(Box::pin(failing)).await.unwrap_err();
        assert_eq!(diagnostic.error_type, "s3://b/k: cannot read");
        assert_eq!(diagnostic.error_message, "s3://b/k: cannot read: timed out");
        assert_eq!(answer(Box::pin(async { Ok::<_, Layered>(7) })).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_that_keeps_its_message_to_itself() {
        let panicking = async {
            tokio::task::yield_now().await;
            "".parse::<u8>().expect("a row of ada@example.com");
            Ok::<(), Layered>(())
        };
        let diagnostic = answer(Box::pin(panicking)).await.unwrap_err();
        assert_eq!(diagnostic.error_type, "function.panicked");
        assert_eq!(diagnostic.error_message, "the function panicked");
    }
}
