"""What it means that no response came: the error that a failure of the network, or of a proxy, is."""

import errno
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpcore

from syncjob import errors
from syncjob.credentials import quoted
from syncjob.scenario.http.proxy import Proxy, ProxyRefused
from syncjob.scenario.http.stream import Nameless

# After these a CONNECT may be let through soon.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a host; the secrets are taken out of every message."""

    host: str
    proxy: Proxy | None
    secrets: tuple[str, ...] = field(repr=False)

    def refused(self, error: ProxyRefused) -> errors.ScenarioError:
        """Nothing was sent: the proxy did not connect."""
        what = f"the proxy {self.proxy} responded {quoted(str(error), self.secrets)}"
        if error.status in _PASSING:
            advice = f"is {self.host} up?"
            return errors.NoResponse(f"{what}; {advice}", host=self.host, why=what, advice=advice)
        if error.status == 407:
            return errors.ProxyRefused(f"{what}; put its credentials into HTTPS_PROXY: http://user:password@host:port")
        return errors.ProxyRefused(f"{what}; it must let connections to {self.host} through")

    def failed(self, error: Exception, method: str) -> errors.ScenarioError:
        """The error that one of httpcore's is, for a request of that method."""
        why = quoted(_in_words(error), self.secrets)
        if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
            return self._unconnected(error, why)
        if isinstance(error, httpcore.TimeoutException | httpcore.NetworkError | httpcore.RemoteProtocolError):
            # The request may have had its effect. A read is repeated, a write is looked at first.
            message = f"no complete response from {self.host}: {why}"
            failure = errors.NoResponse(message, host=self.host, why=why, is_sent=True)
            failure.retryable = method != "PUT"
            return failure
        return errors.ProtocolError(f"cannot ask {self.host}: {why}", ambiguous=True)

    def _unconnected(self, error: Exception, why: str) -> errors.ScenarioError:
        """Nothing was sent: there is no connection, or none to be trusted."""
        if _is_tls_failure(error):
            advice = "check `base_url` and this machine's clock"
            return errors.Untrusted(f"the TLS certificate of {self.host} is not trusted: {why}; {advice}")
        host = f"{self.host} through the proxy {self.proxy}" if self.proxy else self.host
        advice = "check `base_url` and HTTPS_PROXY" if self.proxy else "check your network and `base_url`"
        return errors.NoResponse(f"cannot connect to {host}: {why}; {advice}", host=host, why=why, advice=advice)


# What the system calls otherwise on every system.
_WORDS = {errno.ECONNREFUSED: "connection refused", errno.ECONNRESET: "connection reset by the server"}


def _in_words(error: BaseException) -> str:
    """Why, without the names and numbers that only a programmer knows."""
    for cause in _causes(error):
        if isinstance(cause, Nameless):
            return str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message).rstrip(".")
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {(cause.reason or str(cause)).replace('_', ' ').lower()}"
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, TimeoutError):
            return _WORDS.get(cause.errno or 0, cause.strerror[:1].lower() + cause.strerror[1:])
    return str(error).rstrip(".") or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_tls_failure(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
