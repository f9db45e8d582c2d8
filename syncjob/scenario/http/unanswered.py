"""What it means that no response came: the error that a failure of the network, or of a proxy, is. Pure."""

import ssl
from dataclasses import dataclass, field

import httpcore

from syncjob import errors
from syncjob.credentials import quoted
from syncjob.scenario.http.proxy import Proxy, ProxyRefused

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
            return errors.Unavailable(f"{what}; is {self.host} up?", retryable=True)
        if error.status == 407:
            return errors.ProxyRefused(f"{what}; put its credentials into HTTPS_PROXY: http://user:password@host:port")
        return errors.ProxyRefused(f"{what}; it must let connections to {self.host} through")

    def failed(self, error: Exception, method: str) -> errors.ScenarioError:
        """The error that one of httpcore's is, for a request of that method."""
        what = quoted(str(error), self.secrets) or type(error).__name__
        if isinstance(error, httpcore.ConnectError) and _is_tls_failure(error):
            return errors.Untrusted(f"the TLS certificate of {self.host} does not verify: {what}")
        if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
            way = f" through the proxy {self.proxy}" if self.proxy else ""
            advice = "check `base_url` and HTTPS_PROXY" if self.proxy else "check your network and `base_url`"
            return errors.Unavailable(f"cannot connect to {self.host}{way}: {what}; {advice}", retryable=True)
        if isinstance(error, httpcore.TimeoutException | httpcore.NetworkError | httpcore.RemoteProtocolError):
            # The request may have had its effect. A read is repeated, a write is looked at first.
            message = f"no complete response from {self.host}: {what}"
            return errors.Unavailable(message, retryable=method != "PUT", ambiguous=True)
        return errors.ProtocolError(f"cannot ask {self.host}: {what}", ambiguous=True)


def _is_tls_failure(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
