"""Which host of a URL is this machine: what is sent there leaves nothing in the clear, and reaches nobody else. Pure."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """By its name, or by one of its numbers; no name is looked up."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
