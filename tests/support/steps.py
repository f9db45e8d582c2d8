"""A small runner of GitHub Actions: the scripts of workflows and of the action, as processes, in their order.

What other people's actions do is not run: it is noted, and the test says what they give.
"""

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(&&|\|\||==|!=|[!()]|'(?:[^']|'')*'|[A-Za-z_][\w.-]*)")

Value = str | bool
Document = dict[str, Any]


@cache
def load(path: Path) -> Document:
    """A YAML file with every scalar as the text that is written there; to be read alone, because it is loaded once."""
    document: Document = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  builds text alone
    return document


def workflow(name: str, root: Path = ROOT) -> Document:
    """A workflow of a repository, without one of the project's own."""
    return load(root / ".github" / "workflows" / f"{name}.yml")


class _Expression:
    """An expression and its value: names, texts, `!`, `==`, `!=`, `&&`, `||`, and functions without arguments."""

    def __init__(self, text: str, context: Mapping[str, Value]) -> None:
        self._tokens = _TOKEN.findall(text)
        assert _TOKEN.sub("", text).strip() == "", f"not understood: {text}"
        self._context = context

    def value(self) -> Value:
        value: Value = self._either()
        assert not self._tokens, f"more than one expression, from {self._tokens}"
        return value

    def _either(self) -> Value:
        value = self._both()
        while self._take("||"):
            right = self._both()
            value = value or right
        return value

    def _both(self) -> Value:
        value = self._comparison()
        while self._take("&&"):
            right = self._comparison()
            value = value and right
        return value

    def _comparison(self) -> Value:
        value = self._single()
        for sign in ("==", "!="):
            if self._take(sign):
                is_equal: bool = value == self._single()
                return is_equal is (sign == "==")
        return value

    def _single(self) -> Value:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            value = self._either()
            assert self._take(")")
            return value
        token: str = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            assert self._take(")")
            token += "()"
        return self._context[token]

    def _take(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True


def evaluate(text: str, context: Mapping[str, Value]) -> Value:
    """The value of `${{ … }}`; raises KeyError for a name that the context does not have."""
    return _Expression(_bare(text), context).value()


def _bare(text: str) -> str:
    return text.strip().removeprefix("${{").removesuffix("}}")


def resolve(text: str, context: Mapping[str, Value]) -> str:
    """A text with its expressions replaced by their values."""

    def value(found: re.Match[str]) -> str:
        known = _Expression(found[1], context).value()
        return str(known).lower() if isinstance(known, bool) else known

    return _EXPRESSION.sub(value, text)


@dataclass
class Ended:
    """How a job ended, and what its steps left."""

    status: int = 0  # of the first script that failed
    out: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # other people's actions and their inputs


@dataclass
class Runner:
    """Runs jobs of the workflows in a checked-out repository.

    `context` answers expressions; `given` holds the outputs of other people's actions by step id, and
    `actions` what stands in for some of them, called with their inputs; `meanwhile` is called with the
    process of the script of a step id. `root` has the workflows, which call the project's action `own`.
    """

    folder: Path
    workspace: Path
    environment: Mapping[str, str]
    context: dict[str, Value] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    actions: dict[str, Callable[[dict[str, str]], object]] = field(default_factory=dict)
    meanwhile: dict[str, Callable[["subprocess.Popen[bytes]"], None]] = field(default_factory=dict)
    root: Path = ROOT
    own: str = "./"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def job(self, name: str, job: str) -> Ended:
        """Runs a job of a workflow; its `if:` is not asked."""
        document = workflow(name, self.root)
        ended = Ended()
        run = _Steps(self, {**self.context, "runner.temp": str(self.temp)}, ended)
        env = tuple(run.resolved(layer.get("env", {})) for layer in (document, document["jobs"][job]))
        run.steps(document["jobs"][job]["steps"], document["defaults"]["run"]["shell"], env)
        ended.outputs = run.outputs(document["jobs"][job].get("outputs", {}))
        return ended

    def action(self, inputs: Mapping[str, str], **env: str) -> Ended:
        """Runs the action alone."""
        ended = Ended()
        run = _Steps(self, {**self.context, "runner.temp": str(self.temp)}, ended)
        ended.outputs = run.action(inputs, (env,))
        return ended


_Env = tuple[Mapping[str, str], ...]


class _Steps:
    """The steps of one job, or of one use of the action, with what they know of each other."""

    def __init__(self, runner: Runner, context: Mapping[str, Value], ended: Ended) -> None:
        self._runner = runner
        self._context = dict(context)
        self._ended = ended

    def outputs(self, named: Mapping[str, Any]) -> dict[str, str]:
        """The outputs of the job or action, each by its expression; what no step gave is empty."""
        texts = {name: value["value"] if isinstance(value, dict) else value for name, value in named.items()}
        return {name: self._resolve(text) for name, text in texts.items()}

    def resolved(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Texts with their expressions replaced, once: what comes of it is data."""
        return {name: self._resolve(text) for name, text in texts.items()}

    def steps(self, steps: list[Document], shell: str, env: _Env) -> None:
        failed_before = self._ended.status
        for step in steps:
            has_failed = self._ended.status != failed_before
            state = {"always()": True, "cancelled()": False, "failure()": has_failed, "success()": not has_failed}
            self._context.update(state)
            condition = _bare(step.get("if", "success()"))
            if not re.search(r"\b(always|cancelled|failure|success)\(\)", condition):
                condition = f"success() && ({condition})"
            if self._evaluate(condition):
                self._step(step, shell, env)

    def action(self, inputs: Mapping[str, str], env: _Env) -> dict[str, str]:
        """Runs the project's action as a step; returns its outputs."""
        action = load(ROOT / "action.yml")
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown, f"no such input: {unknown}"
        known = {name: inputs.get(name, about.get("default", "")) for name, about in action["inputs"].items()}
        of_the_run = {name: value for name, value in self._context.items() if name.startswith("github.")}
        of_the_action = {f"inputs.{name}": value for name, value in known.items()}
        inner = _Steps(self._runner, {**of_the_run, **of_the_action}, self._ended)
        inner.steps(action["runs"]["steps"], "", env)
        return inner.outputs(action["outputs"])

    def _step(self, step: Document, shell: str, env: _Env) -> None:
        env = (*env, self.resolved(step.get("env", {})))
        inputs = self.resolved(step.get("with", {}))
        id_ = step.get("id", secrets.token_hex(4))
        failed_before, self._ended.status = self._ended.status, 0
        if "run" in step:
            outputs = self._script(step, step.get("shell", shell), env)
        elif step["uses"] == self._runner.own:
            outputs = self.action(inputs, env)
        else:
            name = step["uses"].partition("@")[0]
            self._ended.used.append((name, inputs))
            if name in self._runner.actions:
                self._runner.actions[name](inputs)
            outputs = self._runner.given.get(id_, {})
        self._context |= {f"steps.{id_}.outputs.{name}": value for name, value in outputs.items()}
        own = self._ended.status
        self._context[f"steps.{id_}.outcome"] = "failure" if own else "success"
        is_passed_over = step.get("continue-on-error") == "true"
        self._ended.status = failed_before or (0 if is_passed_over else own)

    def _script(self, step: Document, shell: str, env: _Env) -> dict[str, str]:
        assert shell == "bash"
        runner = self._runner
        files = runner.folder / secrets.token_hex(4)
        files.mkdir()
        (files / "script.sh").write_text(step["run"], "utf-8")
        for name in ("output", "summary"):
            (files / name).touch()
        variables = {name: value for layer in env for name, value in layer.items()}
        folder = runner.workspace / self._resolve(step.get("working-directory", "."))
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(files / "script.sh")],
            cwd=folder,
            env={**runner.environment, **self._own_variables(files), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        meanwhile = runner.meanwhile.get(step.get("id", ""))
        try:
            if meanwhile:
                meanwhile(process)
            out, _ = process.communicate(timeout=300)
        finally:
            process.kill()
        self._ended.out += out.decode()
        self._ended.summary += (files / "summary").read_text("utf-8")
        status = process.returncode if process.returncode >= 0 else 128 - process.returncode
        self._ended.status = self._ended.status or status
        return _outputs((files / "output").read_text("utf-8"))

    def _own_variables(self, files: Path) -> dict[str, str]:
        """What a runner gives every step."""
        self._runner.temp.mkdir(exist_ok=True)
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "GITHUB_WORKSPACE": str(self._runner.workspace),
            "RUNNER_TEMP": str(self._runner.temp),
        }

    def _resolve(self, text: str) -> str:
        return resolve(text, _Lenient(self._context))

    def _evaluate(self, text: str) -> Value:
        return evaluate(text, _Lenient(self._context))


class _Lenient(dict[str, Value]):
    """A step that did not run, or gave no such output, says nothing; any other unknown name is a fault."""

    def __missing__(self, name: str) -> Value:
        if name.startswith("steps."):
            return ""
        raise KeyError(name)


def _outputs(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT: `name=value`, or a value between delimiters of the step's choice."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = line.partition("=") if "<<" not in line.partition("=")[0] else line.partition("<<")
        if sign == "<<":
            inner = []
            while (inside := next(lines)) != value:
                inner.append(inside)
            value = "\n".join(inner)
        outputs[name] = value
    return outputs


def base_environment(first_on_path: Path) -> dict[str, str]:
    """The machine's own environment, as little of it as a process needs."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    return {**kept, "PATH": f"{first_on_path}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "error"}
