//! Which certificate authorities the functions trust: Mozilla's, embedded at build time, so that
//! a start need not search and read the file system for them.
//!
//! Where TLS is taken apart and signed anew on the way, by a proxy of a company, the environment
//! says so as everywhere else: `SSL_CERT_FILE` or `SSL_CERT_DIR` names what to trust instead.

/// Mozilla's root certificates in PEM, or nothing if the environment names others: then the
/// system's store is to be loaded, which heeds those variables.
pub fn embedded(lookup: impl Fn(&str) -> Option<String>) -> Option<&'static [u8]> {
    let named = |name| lookup(name).is_some_and(|path| !path.is_empty());
    let others = named("SSL_CERT_FILE") || named("SSL_CERT_DIR");
    (!others).then_some(include_bytes!(concat!(env!("OUT_DIR"), "/roots.pem")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::RootCertStore;
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    #[test]
    fn every_certificate_is_one_that_rustls_trusts() {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(embedded(|_| None).unwrap()) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert!(store.len() > 100, "{}", store.len());
    }

    #[test]
    fn the_environment_can_name_others() {
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let set = |value| embedded(move |name| (name == variable).then(|| String::from(value)));
            assert_eq!(set("/etc/authorities"), None);
            assert!(set("").is_some());
        }
    }
}
