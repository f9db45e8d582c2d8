"""What is said of a fault of syncjob's own."""

import os

from syncjob import __version__


def told(error: Exception) -> str:
    """One line, without values that may be secret."""
    import traceback
    from pathlib import Path

    from syncjob.credentials import quoted, secrets_of

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    what = quoted(f"{type(error).__name__}: {error}", secrets_of(os.environ))
    return f"internal error, please report it with this line: {what} ({place}, syncjob {__version__})"
