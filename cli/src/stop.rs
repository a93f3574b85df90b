//! Ctrl-C and SIGTERM.

use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

const INTERRUPTED: i32 = 130;

/// Becomes true at the first SIGINT or SIGTERM; the second ends the program at once, for those who
/// do not want to wait until accepted lines are delivered.
///
/// # Errors
/// The signals cannot be listened to.
pub(crate) fn on_signal() -> io::Result<watch::Receiver<bool>> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        for _ in 0..2 {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
            }
            if stop.send_replace(true) {
                std::process::exit(INTERRUPTED);
            }
        }
    });
    Ok(stopped)
}
