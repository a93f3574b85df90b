//! Writes Mozilla's root certificates as PEM, the one form that both HTTP clients take.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

fn main() -> Result<(), Box<dyn Error>> {
    let mut pem = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        let text = BASE64_STANDARD.encode(certificate);
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        for start in (0..text.len()).step_by(64) {
            pem.push_str(&text[start..text.len().min(start + 64)]);
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("roots.pem"), pem)?;
    Ok(())
}
