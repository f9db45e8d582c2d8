"""A server that says a secret again, in whatever form it writes texts, does not have it printed."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syncjob.credentials import basic, redact
from syncjob.sandbox.records import model_row
from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

# Both hold what HTML, JSON, URLs and base64 treat in their own ways; the pair ends with "=".
KEY, SECRET = "key-4711~~>>??", "s3cr3t>>>???<&'zz"
PAIR = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
HEADER = f"Authorization: Basic {PAIR}"


def html_of_go(text: str) -> str:
    return html.escape(text).replace("+", "&#43;").replace("=", "&#61;").replace("/", "&#x2F;")


def json_of_net(text: str) -> str:
    return "".join(sign if sign.isalnum() else f"\\u{ord(sign):04X}" for sign in text)


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def url_based(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


ECHOED = {
    "without padding": PAIR.rstrip("="),
    "for URLs": url_based(f"{KEY}:{SECRET}"),
    "for URLs, without padding": url_based(f"{KEY}:{SECRET}").rstrip("="),
    "of Go": html_of_go(PAIR),
    "of Go, the secret": html_of_go(SECRET),
    "named entities": SECRET.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("?", "&quest;"),
    "of Net": json_of_net(PAIR),
    "JSON in a text": json.dumps({"message": json_of_net(PAIR)}),
    "JSON in JSON in a text": json.dumps(json.dumps({"message": json_of_net(SECRET)})),
    "percent": percent(SECRET),
    "percent, twice": quote(quote(SECRET)),
    "percent of a whole, twice": quote(percent(PAIR)),
    "HTML of a URL": html.escape(f"/?a=1&secret={quote(SECRET)}"),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "in lines": f"{PAIR[:14]}\r\n{PAIR[14:30]}\r\n{PAIR[30:]}",
    "in lines, in JSON": json.dumps(f"{PAIR[:14]}\r\n{PAIR[14:30]}\n{PAIR[30:]}"),
    "upper case": SECRET.upper(),
    "lower case": PAIR.lower(),
    **{f"a dump with {before} before": based("-" * before + HEADER + "\r\n") for before in range(3)},
    **{f"a dump for URLs with {before} before": url_based("-" * before + SECRET) for before in range(3)},
}


@pytest.fixture
def echoing(workspace: Workspace, remote: Loopback) -> dict[str, str]:
    """Each way to say it again, by the model whose description is asked for; the bodies are no JSON."""
    bodies = {f"m{number:02}": body for number, body in enumerate(ECHOED.values())}
    for model_id in bodies:
        workspace.write(model_id, "text")
    workspace.commit()
    workspace.configure(remote.url, "safety: {}\n")
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("requests_per_minute: 0", "requests_per_minute: 0, attempts: 1"))

    def script(method: str, target: str) -> Answer | None:
        body = bodies.get(target.split("/")[3].partition("?")[0])
        return Answer(400, {"content-type": "text/html"}, f"<p>no: {body}</p>".encode()) if body else None

    remote.script = script
    return bodies


def test_no_error_shows_what_was_said_again(workspace: Workspace, echoing: dict[str, str]) -> None:
    environment = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET}
    ended = workspace.run("--log-level", "debug", "sync", "--keep-going", "--report", "report.json", **environment)
    report = json.loads((workspace.folder / "report.json").read_text())
    messages = {item["model_id"]: item["error"]["message"] for item in report["items"]}
    shown = ended.out + ended.err
    for name, (model_id, body) in zip(ECHOED, echoing.items(), strict=True):
        assert "[redacted]" in messages[model_id], (name, messages[model_id])
        assert body not in shown, name
        assert body not in messages[model_id], name
    assert SECRET[:6] not in shown
    assert PAIR[:12] not in shown


def test_no_name_of_a_model_shows_it(workspace: Workspace, remote: Loopback) -> None:
    remote.sandbox.add_models([model_row("one", f"Name {SECRET}")], {"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new")
    environment = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET}
    for form in ("text", "json", "markdown", "html"):
        ended = workspace.run("diff", "--format", form, **environment)
        assert "[redacted]" in ended.out, form
        assert "s3cr3t" not in ended.out, form
    ended = workspace.run("check", "--remote", "--format", "json", **environment)
    assert "s3cr3t" not in ended.out


@pytest.mark.parametrize(
    "said",
    [
        "100&#37; of &lt;b&gt; at https://h.example/a%20b?[redacted]",
        r"{\"message\":\"caf\u00e9 \u003c\"}",
        "&#x110000000; &#99999999; &nosuch; %zz %0a \\u0000 \\ud800",
    ],
)
def test_what_holds_no_secret_is_shown_as_it_was_said(said: str) -> None:
    assert redact(said, basic(KEY, SECRET).secrets) == said


def test_the_copy_that_is_shown_tells_what_stood_around_the_secret() -> None:
    said = f"bad &quot;header&quot;: Basic {html_of_go(PAIR)}, sorry"
    assert redact(said, basic(KEY, SECRET).secrets) == 'bad "header": Basic [redacted], sorry'


WRITTEN: list[Callable[[str], str]] = [html_of_go, json_of_net, percent, lambda text: quote(text, safe="")]
READ = (html.unescape, lambda text: json.loads(f'"{text}"'))


@given(st.text("ABCdef0123456789-_+/=%&.<>'~", min_size=8, max_size=40), st.lists(st.sampled_from(WRITTEN), max_size=3))
@example("0000000=", [html_of_go])
@example("0000000=", [lambda text: text.replace("=", "&#61;")])
@settings(deadline=None)
def test_no_form_within_a_form_is_left(secret: str, forms: list[Callable[[str], str]]) -> None:
    said = secret
    for form in forms:
        said = form(said)
    assert redact(f"<{said}>", basic("another-key", secret).secrets) == "<[redacted]>"


@given(st.binary(max_size=5), st.text("ABCdef0123456789-_+/=.", min_size=8, max_size=40), st.binary(max_size=5))
@settings(deadline=None)
def test_base64_of_whatever_stands_around_a_secret_shows_no_more_than_an_edge_of_it(
    before: bytes, secret: str, after: bytes
) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        said = encode(before + secret.encode() + after).decode()
        shown = redact(said, basic("another-key", secret).secrets)
        assert "[redacted]" in shown
        assert len(shown) - len("[redacted]") <= len(said) - len(secret) * 4 // 3 + 4
