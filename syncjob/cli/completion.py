"""Completion in bash, zsh and fish: from files of this machine alone, and nothing that a shell would act on."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

if TYPE_CHECKING:
    from syncjob.config.schema import ConfigFile

VARIABLE = "_SYNCJOB_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")
# A shell puts a word on the command line as it is, so none may hold what it would expand or take for an option.
_INERT = re.compile(r"[\w.@+][\w.@+-]*", re.ASCII)


def respond(cli: click.Group, instruction: str) -> int:
    """Prints the script of a shell, or what it may complete; returns the exit status. Whatever is wrong, it is quiet."""
    shell, _, wanted = instruction.partition("_")
    kind = get_completion_class(shell) if shell in _SHELLS else None
    if kind is None or wanted not in ("source", "complete"):
        raise click.UsageError(f"completion is for {', '.join(_SHELLS)}: {VARIABLE}=bash_source, for example")
    asked = kind(cli, {}, "syncjob", VARIABLE)
    try:
        # Not its own `source`: bash's starts a process, to see how old it is.
        text = _mended(ShellComplete.source(asked)) if wanted == "source" else asked.complete()
    except Exception:  # noqa: BLE001  a message would appear in the middle of a line that somebody types
        return 1
    click.echo(text)
    return 0


def _mended(script: str) -> str:
    """A script of click's that works in a zsh without completion too, and in fish does not end a help text at a comma."""
    script = script.replace(
        "    compdef ", "    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n    compdef "
    )
    return script.replace('string split ","', 'string split --max 1 ","')


def model_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """The models that have a file; a path is for the shell to complete."""
    if "/" in incomplete:
        return [CompletionItem(incomplete, type="file")]
    return list(_items(_model_ids(context), incomplete))


def profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """The profiles of the config, and the stand-in, which every config has."""
    from syncjob.config.config import STAND_IN

    return list(_items(dict.fromkeys((*_config(context)[1].profiles, STAND_IN)), incomplete))


def runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """The runs that have a journal, newest first."""
    from syncjob.config.config import STATE_FOLDER
    from syncjob.state import journal

    folder = Path(os.environ.get("SYNCJOB_STATE_DIR") or _config(context)[0] / STATE_FOLDER)
    return list(_items((run for run in journal.run_ids(folder) if journal.begun_at(run)), incomplete))


def runs_and_last(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """`last`, if there are runs, and the runs."""
    from syncjob.state.named_runs import LAST

    last = [CompletionItem(LAST)] if LAST.startswith(incomplete) and runs(context, parameter, "") else []
    return [*last, *runs(context, parameter, incomplete)]


def _model_ids(context: click.Context) -> Iterator[str]:
    from syncjob.local.document import list_folder
    from syncjob.local.names import is_name, model_id_of

    root, file = _config(context)
    yield from (model_id_of(name) for name in list_folder(root / file.descriptions) if is_name(name))


def _config(context: click.Context) -> "tuple[Path, ConfigFile]":
    """The folder of the config, and what it holds, of whatever profile; raises UsageError."""
    from syncjob.config import discovery
    from syncjob.config.schema import ConfigFile
    from syncjob.config.source import read

    named = context.find_root().params.get("config")
    source = read(Path(named) if named else discovery.find())
    return source.path.parent, source.convert(source.value, ConfigFile, "")


def _items(words: Iterable[str], incomplete: str) -> "Iterator[CompletionItem[str]]":
    return (CompletionItem(word) for word in words if word.startswith(incomplete) and _INERT.fullmatch(word))
