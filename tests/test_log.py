"""The diary: one flat event per fact, without secrets, whatever the level."""

import io
import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob import log
from syncjob.credentials import basic
from syncjob.errors import RateLimited, Unavailable
from syncjob.remote.connect import observe
from syncjob.scenario.http.transport import Exchange
from syncjob.scenario.rate_limit import Lowered
from syncjob.scenario.retry import Retry

CREDENTIALS = basic("key/of+tests", "secret of:tests".replace(" ", "_"))


def logged(log_format: log.Format = "json", level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    log.configure(stream, log_format, level, "run-1", CREDENTIALS.secrets)
    return stream


def test_an_event_is_flat_and_bears_the_run_and_the_model() -> None:
    stream = logged()
    with log.about("flux.1-dev"):
        log.event("info", "applied", action="update")
    log.event("info", "ended")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.items() >= {"event": "applied", "action": "update", "run": "run-1", "model_id": "flux.1-dev"}.items()
    assert "model_id" not in second


def test_events_below_the_level_are_left_out() -> None:
    stream = logged(level="warning")
    log.event("info", "unseen")
    log.event("warning", "seen")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["seen"]


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "form", [str, lambda text: b64encode(text.encode()).decode(), lambda text: quote(text, safe="")]
)
def test_no_form_of_a_secret_is_logged(log_format: log.Format, form: object) -> None:
    stream = logged(log_format)
    for secret in CREDENTIALS.secrets:
        log.event("error", "failed", message=f"bad credentials {form(secret)}!")  # type: ignore[operator]
    assert stream.getvalue().count("[redacted]") == 3
    for secret in CREDENTIALS.secrets:
        assert form(secret) not in stream.getvalue()  # type: ignore[operator]


@given(st.text())
def test_whatever_is_logged_for_a_person_stays_on_one_line_and_does_not_act(text: str) -> None:
    stream = logged("console")
    log.event("error", "failed", message=text)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert not set(line) & {"\x1b", "\x07", "\r", "\u202e", "\x9b"}


def test_requests_are_for_debugging_and_a_shared_wait_is_a_warning() -> None:
    stream = logged()
    observe(Exchange("GET", "/models/one/description", 200, 0.0123))
    observe(Retry(1, 2.5, RateLimited("HTTP 429", http_status=429, retryable=True)))
    observe(Retry(1, 0.5, Unavailable("reset", retryable=True)))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["event"], event["level"]) for event in events] == [
        ("request", "debug"),
        ("all workers wait", "warning"),
        ("retry", "info"),
    ]
    assert events[1]["wait_seconds"] == 2.5


def test_a_lowered_limit_is_a_warning_with_both_numbers_and_the_key_to_set() -> None:
    stream = logged()
    observe(Lowered(100, 60))
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["before"], event["after"]) == (
        "rate limit lowered",
        "warning",
        100,
        60,
    )
    assert "http.requests_per_minute: 60" in event["advice"]
