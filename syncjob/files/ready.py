"""Whether a descriptor can be used without waiting, by poll(2): select(2) takes none above 1023."""

from typing import Literal


def is_ready(descriptor: int, to: Literal["read", "write"], seconds: float | None) -> bool:
    """Waits for that long at most; None waits for ever."""
    import select  # only a run needs it, and --help has no time to load it

    poll = select.poll()
    poll.register(descriptor, select.POLLIN if to == "read" else select.POLLOUT)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
