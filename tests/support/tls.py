"""A server's certificate on loopback."""

import ssl
from pathlib import Path

# A self-signed certificate of 127.0.0.1, valid until 2120, and its key, which guards nothing.
PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgm6QkDjS1yWVPT2i1
sbOT90m5RvAFoUmelmCx5lbjXrKhRANCAAT1LJ0SW6+fT4odNt/dQnLfFy1gctvz
qaANX3WPbbp8fQdY4AC4osZlIRE6ZO9KeONi7qO2ou/578cy1HGLjHtJ
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBazCCARCgAwIBAgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhsb29wYmFj
azAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEzERMA8GA1UEAwwI
bG9vcGJhY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT1LJ0SW6+fT4odNt/d
QnLfFy1gctvzqaANX3WPbbp8fQdY4AC4osZlIRE6ZO9KeONi7qO2ou/578cy1HGL
jHtJo1MwUTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNVHQ4E
FgQUgs3HIRouBHfdSyYl5NjYy9qbcQkwDwYDVR0RBAgwBocEfwAAATAKBggqhkjO
PQQDAgNJADBGAiEArn9CjckGYWxEGoiBPMxcFmaPJ9fba3mKlcYuNgjBII0CIQCV
Ma3RcpONnI2lJCD6hZt2XpM5l/yUBn90j2mP/MMgOg==
-----END CERTIFICATE-----
"""


def server_context(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS; `self-signed.pem` in the folder is what a client must trust."""
    path = folder / "self-signed.pem"
    path.write_text(PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
