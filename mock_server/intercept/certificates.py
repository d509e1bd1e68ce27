"""Certificates for hosts that are not ours. The authority's private key stays in the memory of this process, and ends with it."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

#: Where systems keep the authorities they trust: Debian and Alpine, Fedora, SUSE, Alpine and BSD, macOS.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cacert.pem",
)


class NoTLS(Exception):
    """The extra is not installed; the message says how to get it."""


class Certificates(NamedTuple):
    """What the mock proves itself with, and the authority that a client must trust (PEM)."""

    server: ssl.SSLContext
    authority: bytes


def made_for(hosts: Sequence[str]) -> Certificates:
    """Raises NoTLS."""
    try:
        import trustme
    except ImportError:
        raise NoTLS(
            "the certificates of an intercepted host need trustme, which is not installed: pip install 'nemovideo-mock[tls]'"
        ) from None
    authority = trustme.CA(organization_name="nemovideo-mock: trust this in one run only")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*hosts).configure_cert(context)
    return Certificates(context, authority.cert_pem.bytes())


def system_bundles() -> list[Path]:
    """The files that hold the system's authorities, each once."""
    told = ssl.get_default_verify_paths().openssl_cafile
    return list(dict.fromkeys(path.resolve() for path in map(Path, (*BUNDLES, told)) if path.is_file()))


def write_bundle(path: Path, authority: bytes) -> None:
    """What the system trusts, and `authority`. Raises OSError."""
    system = system_bundles()
    path.write_bytes((system[0].read_bytes().rstrip() + b"\n" if system else b"") + authority)
