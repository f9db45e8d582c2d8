"""Whom an https run trusts: the certificates that the environment names, else those that come with httpx."""

import os
import re
import ssl
from collections.abc import Mapping

from syncjob.errors import UsageError, in_words

FILE, FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
# What OpenSSL looks for in a folder: the hash of a subject and a number.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def of_environment(environment: Mapping[str, str]) -> ssl.SSLContext:
    """A context that trusts what SSL_CERT_FILE, or else SSL_CERT_DIR, names, and httpx's certificates if neither is set.

    Raises UsageError if that holds no certificate: OpenSSL does not say which, or trusts nobody without a word.
    """
    import httpx  # imported late, as in `transport`

    try:
        file, folders = environment.get(FILE), environment.get(FOLDER)
        context = _of_file(file) if file else _of_folders(folders) if folders else httpx.create_ssl_context()
    except OSError as error:
        raise UsageError(f"cannot set up TLS: {in_words(error)}; check SSLKEYLOGFILE") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _of_file(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise UsageError(f"{FILE} names {path}, which holds no certificate in PEM form") from error
    except OSError as error:
        raise UsageError(f"{FILE} names {path}, which cannot be read: {error.strerror or error}") from error


def _of_folders(paths: str) -> ssl.SSLContext:
    if not any(_holds_certificates(path) for path in paths.split(os.pathsep)):
        raise UsageError(f"{FOLDER} names {paths}, which holds no certificates; run `openssl rehash` on the folder")
    return ssl.create_default_context(capath=paths)


def _holds_certificates(path: str) -> bool:
    try:
        return any(_HASHED.fullmatch(name) for name in os.listdir(path or "."))
    except OSError:
        return False
