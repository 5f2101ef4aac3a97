//! Whom the clients trust: the machine's roots.
//!
//! By itself each client would look for them in a folder that holds them once more, a file or two for each: on Debian
//! that is half of a function's start. One bundle, read once, says the same.

use std::{fs, sync::LazyLock};

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

struct Bundle {
    pem: Vec<u8>,
    roots: RootCertStore,
}

/// Absent where only the client's own search will do: on another system, where the environment says what to trust, or
/// where the file is not wholly understood.
static BUNDLE: LazyLock<Option<Bundle>> = LazyLock::new(|| {
    if !cfg!(target_os = "linux") || openssl_probe::has_ssl_cert_env_vars() {
        return None;
    }
    read(fs::read(openssl_probe::probe().cert_file?).ok()?)
});

fn read(pem: Vec<u8>) -> Option<Bundle> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().ok()?;
    let mut roots = RootCertStore::empty();
    // The AWS clients read it again, and take a root that they cannot use for a fault of the program.
    let (usable, unusable) = roots.add_parsable_certificates(certificates);
    (usable > 0 && unusable == 0).then_some(Bundle { pem, roots })
}

/// For the AWS clients.
pub(crate) fn aws() -> TlsContext {
    let Some(bundle) = BUNDLE.as_ref() else { return TlsContext::default() };
    let roots = TrustStore::empty().with_pem_certificate(bundle.pem.clone());
    TlsContext::builder().with_trust_store(roots).build().unwrap_or_default()
}

/// For clients of `reqwest`; without one they search for themselves.
pub(crate) fn rustls() -> Option<ClientConfig> {
    // A second call finds the provider installed: the error is of no interest.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bundle = BUNDLE.as_ref()?;
    Some(ClientConfig::builder().with_root_certificates(bundle.roots.clone()).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_is_not_wholly_understood_is_left_to_the_clients() {
        assert!(read(Vec::new()).is_none());
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        assert!(read(no_certificate).is_none());
        assert!(read(b"-----BEGIN CERTIFICATE-----\nAAAA\n".to_vec()).is_none());
    }
}
