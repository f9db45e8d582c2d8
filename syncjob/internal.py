"""What is said of a fault of syncjob's own."""

import os

from syncjob import __version__


def told(error: Exception) -> str:
    """One line, without values that may be secret."""
    import traceback
    from pathlib import Path

    from syncjob import credentials
    from syncjob.display import shorten
    from syncjob.errors import SyncjobError

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    try:
        known = credentials.from_environment(os.environ)
        what = shorten(credentials.redact(f"{type(error).__name__}: {error}", known))
    except SyncjobError:
        what = type(error).__name__
    return f"internal error, please report it with this line: {what} ({place}, syncjob {__version__})"
