//! What systemd is told: that the program is ready, how it is, that it is alive. The protocol is that
//! of sd_notify(3) and sd_watchdog_enabled(3).

use std::env::VarError;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The service manager, if one listens.
#[derive(Debug, Default)]
pub(crate) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it must hear that the program is alive.
    pub(crate) watchdog: Option<Duration>,
}

impl Notify {
    /// As the environment says.
    ///
    /// # Errors
    /// A socket is named and cannot be addressed.
    pub(crate) fn from_lookup(
        lookup: impl Fn(&str) -> Result<String, VarError>,
    ) -> io::Result<Self> {
        let Ok(name) = lookup("NOTIFY_SOCKET") else { return Ok(Self::default()) };
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(&name)?,
        };
        let is_for_us = lookup("WATCHDOG_PID")
            .map_or(true, |process| process == std::process::id().to_string());
        let micros = lookup("WATCHDOG_USEC").ok().filter(|_| is_for_us);
        let watchdog = micros.and_then(|it| it.parse().ok()).map(Duration::from_micros);
        Ok(Self { socket: Some((UnixDatagram::unbound()?, address)), watchdog })
    }

    /// Tells the service manager. One that does not listen is no failure of the program.
    pub(crate) fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.socket {
            socket.send_to_addr(state.as_bytes(), address).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_it_over_the_socket_it_names() {
        let path = std::env::temp_dir().join(format!("snowline-{}-notify", std::process::id()));
        std::fs::remove_file(&path).ok();
        let listener = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::from_lookup(|name| match name {
            "NOTIFY_SOCKET" => Ok(path.display().to_string()),
            "WATCHDOG_USEC" => Ok("30000000".to_owned()),
            _ => Err(VarError::NotPresent),
        })
        .unwrap();
        assert_eq!(notify.watchdog, Some(Duration::from_secs(30)));
        notify.tell("READY=1\nSTATUS=well");
        let mut heard = [0; 100];
        let length = listener.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"READY=1\nSTATUS=well");
    }
}
