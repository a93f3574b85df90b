//! The private key, and the name Snowflake knows its public half by.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::EncodingKey;
use ring::digest::{SHA256, digest};
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::KeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::{self, PemObject};

/// Why a text is no private key to sign tokens with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No `PRIVATE KEY` section: an encrypted key, a PKCS#1 key or something else altogether.
    #[error("the key is not an unencrypted PKCS#8 key in PEM (BEGIN PRIVATE KEY)")]
    Pem(#[source] pem::Error),
    /// Not an RSA key of a size that may be used, 2048 to 4096 bits.
    #[error("the key is not a usable RSA key")]
    Rsa(#[source] ring::error::KeyRejected),
    /// The signing library does not take the key.
    #[error("the key cannot sign tokens")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// An RSA private key; its `Debug` shows the fingerprint of the public key only.
pub(crate) struct PrivateKey {
    pub(crate) encoding: EncodingKey,
    /// `SHA256:<base64>`, what `DESC USER` prints as `RSA_PUBLIC_KEY_FP`.
    pub(crate) fingerprint: String,
}

impl PrivateKey {
    /// Reads an unencrypted PKCS#8 key in PEM.
    pub(crate) fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(KeyError::Pem)?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(KeyError::Rsa)?;
        let encoding = EncodingKey::from_rsa_pem(text.as_bytes()).map_err(KeyError::Signing)?;
        let public = subject_public_key_info(pair.public_key().as_ref());
        let hash = BASE64_STANDARD.encode(digest(&SHA256, &public));
        Ok(Self { encoding, fingerprint: format!("SHA256:{hash}") })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Wraps a public key (`RSAPublicKey`, RFC 8017 A.1.1, DER) in a `SubjectPublicKeyInfo` (RFC 5280
/// 4.1): sequence of the algorithm `rsaEncryption` with null parameters, and a bit string without
/// unused bits that holds the key.
fn subject_public_key_info(rsa_public_key: &[u8]) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = [&[0], rsa_public_key].concat();
    let key = der_element(BIT_STRING, &bits);
    der_element(SEQUENCE, &[&RSA_ENCRYPTION, key.as_slice()].concat())
}

/// One DER element: tag, length (short form below 128, else the count of length bytes first),
/// content.
fn der_element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            element.push(0x80 | significant.len() as u8);
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &str = include_str!("../tests/fixtures/test_key.pem");

    #[test]
    fn the_fingerprint_is_that_of_openssl() {
        // openssl rsa -in test_key.pem -pubout -outform DER | openssl dgst -sha256 -binary | base64
        let key = PrivateKey::from_pem(PRIVATE).unwrap();
        assert_eq!(key.fingerprint, "SHA256:+qJAqgdvLB0mi0iK9dKheMnKvtPcT0BcwY80cM3UGqo=");
    }

    #[test]
    fn debug_shows_the_fingerprint_and_no_key() {
        let shown = format!("{:?}", PrivateKey::from_pem(PRIVATE).unwrap());
        assert_eq!(
            shown,
            r#"PrivateKey { fingerprint: "SHA256:+qJAqgdvLB0mi0iK9dKheMnKvtPcT0BcwY80cM3UGqo=", .. }"#
        );
    }

    #[test]
    fn other_texts_are_refused_with_what_is_needed() {
        for text in [
            "",
            "not a key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let error = PrivateKey::from_pem(text).unwrap_err();
            assert!(error.to_string().contains("PKCS#8"), "{text:?}: {error}");
        }
        let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(PrivateKey::from_pem(other), Err(KeyError::Rsa(_))));
    }
}
