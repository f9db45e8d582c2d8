"""What a run gives the step of GitHub Actions that it is: annotations, a summary and outputs."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from syncjob.github import annotations, edits
from syncjob.output import outputs
from syncjob.report.markdown import document
from syncjob.report.model import Report
from syncjob.report.summary import writes

Attempt = Callable[[str], AbstractContextManager[object]]


class Step:
    """The step of a workflow that this run is."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def file(self, name: str) -> str | None:
        """The path of a file that lives as long as the job; None if the runner has no folder for it."""
        folder = self._environment.get("RUNNER_TEMP")
        return str(Path(folder) / name) if folder and Path(folder).is_dir() else None

    def folder(self, config: Path) -> str:
        """The way from the repository's root to the config's folder, for the paths of annotations."""
        root = self._environment.get("GITHUB_WORKSPACE")
        own = config.parent.resolve()
        return Path(os.path.relpath(own, Path(root).resolve())).as_posix() if root else ""

    def annotations(self, report: Report, config: Path) -> list[str]:
        """The report's problems as commands to the runner."""
        return annotations.render(report, self.folder(config))

    def tell(
        self, report: Report, report_file: str | None, attempt: Attempt = nullcontext, *, progress: int | None = None
    ) -> None:
        """The outputs and the summary, to the files that the runner named; each is an attempt of its own.

        The Markdown for a comment goes to a file of its own, for the job that may write to a pull request.
        `progress` is how far a run got that was short of nothing but time, None for any other.
        """
        comment_file = None
        with attempt("write the Markdown for a comment"):
            if path := self.file(f"syncjob-{report.run}.md"):
                outputs.save(path, [document.render(report, document.COMMENT)])
                comment_file = path
        with attempt("write the outputs of the step"):
            self._append("GITHUB_OUTPUT", "".join(_outputs(report, report_file, comment_file, progress)))
        with attempt("write the summary of the step"):
            self._write_summary(report)

    def _write_summary(self, report: Report) -> None:
        path = Path(self._environment.get("GITHUB_STEP_SUMMARY") or os.devnull)
        taken = path.stat().st_size if path.exists() else 0  # by earlier runs of the same step
        limit = document.Limit(document.SUMMARY.size - taken, document.SUMMARY.measure)
        summary = document.render(report, limit) + "\n"
        if limit.measure(summary) <= limit.size:
            self._append("GITHUB_STEP_SUMMARY", summary)

    def _append(self, variable: str, text: str) -> None:
        if path := self._environment.get(variable):
            outputs.append(path, text, "surrogateescape")  # a path among the outputs may be no UTF-8


def _outputs(report: Report, report_file: str | None, comment_file: str | None, progress: int | None) -> Iterator[str]:
    summary = report.summary
    values = {
        "changes": writes(summary),
        "to_create": summary.create,
        "to_update": summary.update,
        "to_delete": summary.delete,
        "conflicts": summary.conflict,
        "applied": summary.applied,
        "failed": summary.failed,
        "report": report_file or "",
        "comment": comment_file or "",
        "progress": "" if progress is None else progress,
        "continue": "true" if progress else "false",
        **edits.outputs(report),
    }
    for name, value in values.items():
        delimiter = f"end-{secrets.token_hex(16)}"
        yield f"{name}<<{delimiter}\n{value}\n{delimiter}\n"
