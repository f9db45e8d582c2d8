"""A scratch model lent to whoever asks about it: read before, and put back after, whatever happens between."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from syncjob.commands.probe.calls import ask, path_of
from syncjob.commands.probe.described import own_text, parsed
from syncjob.commands.probe.scratch import Edited, MayArrive, NotRestored, Scratch
from syncjob.commands.run import Run
from syncjob.errors import NotFound, ProtocolError, SyncjobError, UsageError
from syncjob.output.internal import told

# After a signal what is in flight is broken off this soon, in seconds, so that there is time to put the text back.
_SOON = 1.0


@contextmanager
def borrowed(run: Run, model_id: str) -> Iterator[Scratch]:
    """A scratch model until the block ends, however it ends; raises NotRestored if it then is not as it was."""
    run.stop.when_overdue(run.client.abort, _SOON)
    scratch = Scratch(run, run.to_write(), model_id, _first_text(run, model_id))
    try:
        yield scratch
    finally:
        try:
            with run.stop.held_off():
                scratch.restore()
        except MayArrive as error:
            raise MayArrive(
                f"{model_id} holds its own description again, but may change: {error} got no clear response and may "
                f"still arrive. Check it in some minutes; if it has changed, {_advice(run)}"
            ) from error
        except Edited as error:
            raise Edited(not_restored(run, model_id, str(error))) from error
        except Exception as error:
            why = str(error) if isinstance(error, SyncjobError | OSError) else told(error)
            raise NotRestored(not_restored(run, model_id, why)) from error


def not_restored(run: Run, model_id: str, why: str) -> str:
    """What to say of a model that was not put back."""
    return f"the description of {model_id} was NOT put back: {why}; {_advice(run)}"


def _advice(run: Run) -> str:
    return f"put it back with: syncjob rollback {run.id} --force"


def _first_text(run: Run, model_id: str) -> str | None:
    """The model's text, to the letter; raises UsageError if it is not known, and so cannot be put back."""
    try:
        body = parsed(ask(run, "GET", path_of(model_id)))
    except NotFound:
        _check_no_text(run, model_id)
        return None
    if body == {"description": None}:  # it may mean no text, and nothing has shown that yet
        raise UsageError(f"give {model_id} a description on Scenario first, so that it can be put back")
    try:
        return own_text(body)
    except ProtocolError as error:
        raise UsageError(f"{model_id} cannot be probed: {error}") from error


def _check_no_text(run: Run, model_id: str) -> None:
    """Asks again after a 404, which means no description only if the model exists and it comes each time."""
    ask(run, "GET", f"/models/{model_id}")
    with suppress(NotFound):
        ask(run, "GET", path_of(model_id))
        raise UsageError(f"{model_id} cannot be probed: its description returned 404, and then did not; try again")
    if run.learnt.no_description not in (None, "404"):
        raise UsageError(
            f"{model_id} cannot be probed: its description returned 404, and an earlier probe saw that this does not "
            "mean that there is none"
        )
