"""Nothing secret is printed or written, whatever fails: everything that many runs leave is searched for it.

The other side says all that it knows in every answer. Searched for are key, secret, pair and token,
raw, base64- and URL-encoded, and every piece of them: a message that is cut may leave one.
"""

import json
import ssl
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.support.faulty_server import Fault, Scene, landed, scene_at
from tests.support.raw_server import answer, drips, scripted, sends, then_closes, then_resets
from tests.support.tls import PEM
from tests.support.workspace import Ended

# Without the measure of coverage, which writes files of its own and takes memory.
pytestmark = pytest.mark.deep

# Characters that base64, URLs, JSON and regular expressions treat in their own ways; no words.
KEY = "qK7/zX+w9=vT~u3.pL5"
SECRET = "Jx8%dG2&hN?mB6+rC4/yF0=tQ1"
PAIR = b64encode(f"{KEY}:{SECRET}".encode()).decode()
JWT = "eyJ0Zm9vIn0.Wk9pVXl2Q3h6.u-7Hq_3Rn8Ls2Dp5"
PROXY = "gW5jE9kS1bV7"
SIGNATURE = "aZ4oM8iY2eU6"
SIGNED = f"https://cdn.example.invalid/asset.png?Expires=1790000000&Signature={SIGNATURE}&Key-Pair-Id=K"
PIECE = 9  # this many characters of a secret in a row are too many

BASIC = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET}
BEARER = {"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_API_SECRET": "", "SCENARIO_SDK_JWT": JWT}


def forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield b64encode(secret.encode()).decode().rstrip("=")
    yield urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    yield json.dumps(secret)[1:-1]


def pieces(*secrets: str) -> frozenset[str]:
    """The parts of a text that hold a large part of a secret, in whatever form."""
    return frozenset(
        form[start : start + PIECE]
        for secret in secrets
        for form in forms(secret)
        for start in range(len(form) - PIECE + 1)
    )


HIDDEN = pieces(KEY, SECRET, f"{KEY}:{SECRET}", PAIR, JWT, PROXY, SIGNATURE) | {"Signature="}


def leaks(text: str) -> list[str]:
    """What a text holds and must not."""
    return sorted(piece for piece in HIDDEN if piece in text)


def test_the_search_finds_what_it_looks_for() -> None:
    for secret in (KEY, SECRET, JWT, PAIR, PROXY):
        for form in forms(secret):
            assert leaks(f"so much for {form}!")
            assert leaks(f"so much for {form[:10]}…")
    assert leaks(SIGNED)
    assert not leaks("see https://cdn.example.invalid/asset.png?[redacted] for [redacted], key and secret")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        yield made


class Chatter:
    """A server that repeats everything that it was sent: `secrets`, an `Authorization` header, and signed URLs."""

    def __init__(self, authorization: str, *secrets: str) -> None:
        self._authorization = authorization
        self._said = " ".join(form for secret in secrets for form in forms(secret))

    def told(self, padding: int = 0) -> str:
        """All of it, after some characters of padding: a message that is cut is then cut in another place."""
        return f"{'.' * padding} Authorization: {self._authorization} {SIGNED} {self._said}"

    def refusal(self, code: int, padding: int, *headers: str, form: str = "reason") -> Fault:
        told = self.told(padding)
        body = {
            "reason": json.dumps({"reason": told, "details": {"url": SIGNED}}),
            "message": json.dumps({"message": told, "name": told}),
            "error": json.dumps({"error": told}),
            "list": json.dumps([told]),
            "text": told,
            "html": f"<html><body>{told}</body></html>",
        }[form]
        return Fault(answer(body.encode(), "retry-after-ms: 1", *headers, status=f"{code} {self._said}"))

    def reads(self) -> dict[str, Fault]:
        """What answers a GET, by model id."""
        told, said = self.told(), self._said
        chunked = f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{said}\r\n"
        return {
            "r-200-html": Fault(answer(f"<html>{told}</html>".encode(), "content-type: text/html")),
            "r-200-value": Fault(answer(json.dumps({"description": {"value": [told], "assets": 1}}).encode())),
            "r-200-member": Fault(answer(json.dumps({"description": {told: told}, told: 1}).encode())),
            "r-302": Fault(answer(told.encode(), f"Location: https://localhost/{said}?{SIGNED}", status="302 Found")),
            "r-400": self.refusal(400, 0),
            "r-403": self.refusal(403, 200, form="message"),
            "r-500": self.refusal(500, 250),
            "r-not-http": Fault(then_closes(sends(f"Authorization: {self._authorization} {said}\r\n\r\n".encode()))),
            "r-status": Fault(then_closes(sends(f"HTTP/1.1 {said}\r\n\r\n".encode()))),
            "r-header": Fault(then_closes(sends(f"HTTP/1.1 200 OK\r\n{said}\r\n\r\n".encode()))),
            "r-chunk": Fault(then_closes(sends(chunked.encode()))),
            "r-short": Fault(then_closes(answer(told.encode(), length=9999))),
            "r-drips": Fault(drips(said.encode(), 0.05)),
        }

    def writes(self) -> dict[str, Fault]:
        """What answers a PUT, by model id."""
        return {
            "w-400-text": self.refusal(400, 230, form="text"),
            "w-400-html": self.refusal(400, 260, form="html"),
            "w-404": self.refusal(404, 0, form="error"),
            "w-404-html": self.refusal(404, 0, "content-type: text/html", form="html"),
            "w-409": self.refusal(409, 0),
            "w-413": self.refusal(413, 280, form="list"),
            "w-429": self.refusal(429, 290, "x-should-retry: false"),
            "w-503": self.refusal(503, 100, "retry-after: 86400"),
            "w-504": landed(answer(self.told().encode(), status="504 Gone")),
            "w-200-html": Fault(answer(self.told().encode())),
            "w-reset": Fault(then_resets(answer(self.told().encode(), length=9999))),
            **{f"w-cut-{at}": self.refusal(422, at, form="text") for at in range(130, 290, 20)},
        }


FINE = [f"{letter}-{number}-fine" for letter in "rw" for number in (2, 4)]


@dataclass
class Play:
    """A scene whose other side is a Chatter."""

    scene: Scene
    chatter: Chatter

    def __post_init__(self) -> None:
        self.scene.http(attempts=2, deadline=1.5, workers=8)
        self.scene.stage(*self.chatter.reads(), *self.chatter.writes(), *FINE, "fine")
        self.scene.add_asset("asset_a")
        self.scene.workspace.write("fine", "see {asset:asset_a}\n")
        self.scene.workspace.write("w-tag", "see {asset: asset_a}\n")

    def everything_fails(self) -> None:
        """But for a few, so that no run ends because too many do in a row."""
        self.scene.remote.calm()
        for model_id, fault in self.chatter.reads().items():
            self.scene.remote.on("GET", model_id, fault, always=True)
        for model_id, fault in self.chatter.writes().items():
            self.scene.remote.on("PUT", model_id, fault, always=True)
        for model_id in (*FINE, "fine"):
            self.scene.remote.edit(model_id, f"old of {model_id}")

    def fails(self, method: str, path: str, fault: Fault, *, calm: bool = True) -> None:
        """From now on this alone fails."""
        if calm:
            self.scene.remote.calm()
        self.scene.remote.on(method, path, fault, always=True)


class Everything:
    """Collects all that runs print, and in the end all that they wrote."""

    def __init__(self, scene: Scene, log_format: str, **environment: str) -> None:
        self._scene = scene
        self._options = ("--log-level", "debug", "--log-format", log_format)
        self._environment = environment
        self.found: dict[str, list[str]] = {}
        self.printed = ""

    def run(self, *arguments: str, **environment: str) -> Ended:
        ended = self._scene.workspace.run(*self._options, *arguments, **{**self._environment, **environment})
        mask = f"::add-mask::{PAIR}\n"
        is_to_be_masked = "GITHUB_ACTIONS" in self._environment and "SCENARIO_SDK_JWT" not in self._environment
        assert ended.err.count("::add-mask::") == ended.err.count(mask) <= is_to_be_masked
        err = ended.err.replace(mask, "")  # the runner gets it on purpose, and hides it from then on
        self._note(f"stdout of {' '.join(arguments)}", ended.out)
        self._note(f"stderr of {' '.join(arguments)}", err)
        self.printed += ended.out + err
        return ended

    def search(self, folder: Path) -> int:
        """Looks into every file of a folder but git's own and the other side's store; returns how many there were."""
        files = [
            path
            for path in folder.rglob("*")
            if path.is_file() and ".git" not in path.parts and path.suffix != ".sqlite3"
        ]
        for path in files:
            self._note(str(path.relative_to(folder)), path.read_bytes().decode("utf-8", "replace"))
        return len(files)

    def _note(self, where: str, text: str) -> None:
        if leaks(text):
            self.found[where] = leaks(text)


def actions(folder: Path) -> dict[str, str]:
    """The environment of a step of GitHub Actions."""
    (folder / "temp").mkdir()
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(folder / "temp" / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "temp" / "summary"),
        "GITHUB_WORKSPACE": str(folder / "work"),
        "RUNNER_TEMP": str(folder / "temp"),
    }


@pytest.mark.parametrize(("log_format", "is_step"), [("console", True), ("json", False)])
def test_nothing_secret_is_printed_or_written(scene: Scene, tmp_path: Path, log_format: str, is_step: bool) -> None:
    chatter = Chatter(f"Basic {PAIR}", SECRET, KEY, PAIR, f"{KEY}:{SECRET}")
    play = Play(scene, chatter)
    everything = Everything(scene, log_format, **BASIC, **(actions(tmp_path) if is_step else {}))
    sync = ("sync", "--keep-going", "--force")
    # The report of what fails, while it is read and while it is written, in every form.
    play.everything_fails()
    form = "json" if is_step else "text"
    ended = everything.run(*sync, "--format", form, "--report", "report.json", "--plan-out", "plan.json")
    assert ended.status == 1
    items = json.loads((scene.workspace.folder / "report.json").read_text())["items"]
    unfinished = {item["model_id"] for item in items if item["status"] in ("failed", "refused")}
    assert unfinished == {*chatter.reads(), *chatter.writes(), "w-tag"} - {"w-504"}
    for made in ("markdown", "html"):
        play.everything_fails()
        assert everything.run(*sync, "--format", made, "--output", f"out.{made}").status == 1
    everything.run("sync", "--resume", scene.runs[0].stem, "w-4*", "--keep-going")
    # The look-ups fail.
    for method, code in (("POST", 500), ("GET", 403)):
        play.fails(method, "/[am]*", chatter.refusal(code, 0, form="text"))
        assert everything.run("check", "--remote", "--format", "github" if is_step else "text").status == 1
    play.fails("GET", "/models", chatter.refusal(400, 0))
    assert everything.run("diff", "--prune", "--format", "markdown").status == 1
    # The credentials are refused, and the plan is at its end.
    play.fails("GET", "*", chatter.refusal(401, 0))
    assert everything.run(*sync).status == 2
    ceiling = json.dumps({"reason": chatter.told(), "name": "PlanLimitReachedError"}).encode()
    play.fails("PUT", "*", Fault(answer(ceiling, status="429 Enough")))
    assert everything.run(*sync, "--format", "json").status == 4
    # A rollback fails, and is then done.
    earlier = scene.runs[0].stem
    play.fails("PUT", "*-fine", chatter.refusal(403, 0))
    assert everything.run("rollback", earlier, "--force").status == 1
    scene.remote.calm()
    assert everything.run("rollback", earlier, "--force", "--format", "markdown").status == 0
    assert everything.run("runs").status == 0
    # The journals of all these, the reports, the plan, the look of each form, and what the step gets.
    assert everything.search(tmp_path) > 50
    assert all(word in everything.printed for word in ("[redacted]", "request", "attempt"))
    assert everything.found == {}


def test_nothing_secret_of_a_token_is_printed_or_written(scene: Scene, tmp_path: Path) -> None:
    chatter = Chatter(f"Bearer {JWT}", JWT)
    play = Play(scene, chatter)
    everything = Everything(scene, "json", **BEARER, **actions(tmp_path))
    play.everything_fails()
    ended = everything.run("sync", "--keep-going", "--force", "--format", "json", "--report", "report.json")
    assert ended.status == 1
    expired = chatter.refusal(403, 0, "x-amzn-errortype: AccessDeniedException")
    play.fails("GET", "*", expired)
    assert everything.run("sync", "--keep-going", "--force").status == 2
    assert everything.search(tmp_path) > 30
    assert "[redacted]" in everything.printed
    assert everything.found == {}


def test_settings_that_are_refused_are_not_repeated(scene: Scene, tmp_path: Path) -> None:
    scene.stage("one")
    everything = Everything(scene, "console", **BASIC)
    for name, value in {
        "SCENARIO_SDK_API_SECRET": f"{SECRET}\n{KEY}",
        "SCENARIO_SDK_API_KEY": f" {KEY}\u00e9",
        "SCENARIO_BASE_URL": f"https://{KEY.replace('/', '')}:{PROXY}@127.0.0.1:1/v1",
    }.items():
        assert everything.run("sync", **{name: value}).status == 2
    assert everything.run("sync", SCENARIO_BASE_URL=f"http://127.0.0.1:1/v1?token={PROXY}").status == 2
    config = scene.workspace.folder / "config.yaml"
    kept = config.read_text()
    for line in (f"api_secret: '{SECRET}'", f"jwt: {JWT}", f"? {{token: {PROXY}}}", f"token={PROXY}: 1"):
        config.write_text(f"{kept}{line}\n")
        assert everything.run("sync").status == 2
    assert everything.found == {}


def test_nothing_secret_is_in_what_is_said_of_a_connection(scene: Scene, tmp_path: Path) -> None:
    scene.stage("one")
    everything = Everything(scene, "json", **BASIC)
    certificate = tmp_path / "self-signed.pem"
    certificate.write_text(PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted(answer(b"{}"), tls=context) as served:
        scene.http(served.url.replace("http:", "https:"), attempts=1)
        assert everything.run("sync").status == 1
    scene.http("http://127.0.0.1:9/v1", attempts=1)
    assert everything.run("sync").status == 1
    scene.http("https://scenario.invalid/v1", attempts=1)
    said = answer(f"{SECRET} {PROXY}".encode(), status=f"407 {SECRET}")
    with scripted(then_closes(said)) as proxy:
        url = f"http://user:{PROXY}@127.0.0.1:{proxy.port}"
        assert everything.run("sync", HTTPS_PROXY=url).status == 1
        assert len(proxy.heads) == 1
    for bad in (f"http://user:{PROXY}@127.0.0.1:9", f"socks5://user:{PROXY}@127.0.0.1:9", f"http://u:{PROXY}@[::"):
        assert everything.run("sync", HTTPS_PROXY=bad).status in (1, 2)
    everything.search(scene.workspace.folder)
    assert everything.found == {}
