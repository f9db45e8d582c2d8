"""Which addresses a picture may come from: public ones, and this machine's own if the API is here too. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_Address = IPv4Address | IPv6Address
_NAT64 = ip_network("64:ff9b::/96")  # of which the last four bytes are the address that is meant (RFC 6052)
# All IPv6 addresses that anybody was given (iana.org, *IPv6 address space*); outside of them Python calls some global
# that lead into a network, such as 64:ff9b:1::/48.
_GIVEN = ip_network("2000::/3")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be asked over a scheme, `https` or `http`; `is_local` if the API is on this machine."""

    scheme: str
    is_local: bool

    def allows(self, address: str) -> bool:
        """Whether an address, as a resolver gives it, may be connected to."""
        try:
            meant = _meant(ip_address(address))
        except ValueError:
            return False
        if meant.is_loopback:
            return self.is_local
        return self.scheme == "https" and _is_public(meant)


def _is_public(address: _Address) -> bool:
    return address.is_global and not address.is_multicast and (address.version == 4 or address in _GIVEN)


def _meant(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
