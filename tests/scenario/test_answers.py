"""Statuses, waits, reasons and bodies: tables of what answers mean."""

import base64
import json
import math
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syncjob import errors
from syncjob.credentials import JWT, KEY, SECRET, Credentials, basic, bearer
from syncjob.scenario.answers import Answer, decode, failure, parse_retry_after
from syncjob.scenario.types import DescriptionEnvelope

NOON = "Sat, 21 Nov 2026 12:00:00 GMT"
BASIC = basic("key-4711-abcd", "s3cret/+with spaces")
BEARER = bearer("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")


def error_of(
    status: int,
    body: bytes | str | Mapping[str, object] = b"",
    headers: Mapping[str, str] | None = None,
    credentials: Credentials | None = BASIC,
    max_retry_after: float = 120,
) -> errors.ScenarioError:
    if isinstance(body, Mapping):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    is_bearer = credentials is not None and credentials.is_bearer
    secrets = credentials.secrets if credentials else ()
    error = failure(Answer(status, headers or {}, raw), secrets, is_bearer=is_bearer, max_retry_after=max_retry_after)
    assert error.http_status == status
    return error


# status, its error, whether it is retried, whether a write may have had its effect
STATUSES: list[tuple[int, type[errors.ScenarioError], bool, bool]] = [
    (400, errors.Rejected, False, False),
    (401, errors.Unauthorized, False, False),
    (402, errors.Rejected, False, False),
    (403, errors.Forbidden, False, False),
    (404, errors.NotFound, False, False),
    (405, errors.Rejected, False, False),
    (408, errors.Unavailable, True, True),
    (409, errors.Conflict, True, False),
    (410, errors.Rejected, False, False),
    (413, errors.Rejected, False, False),
    (418, errors.Rejected, False, False),
    (422, errors.Rejected, False, False),
    (425, errors.Unavailable, True, False),
    (429, errors.RateLimited, True, False),
    (500, errors.Unavailable, True, True),
    (501, errors.Rejected, False, True),
    (502, errors.Unavailable, True, True),
    (503, errors.Unavailable, True, True),
    (504, errors.Unavailable, True, True),
    (505, errors.Rejected, False, True),
    (599, errors.Unavailable, False, True),
]


@pytest.mark.parametrize(("status", "kind", "retryable", "ambiguous"), STATUSES)
def test_each_status_has_its_error(
    status: int, kind: type[errors.ScenarioError], retryable: bool, ambiguous: bool
) -> None:
    error = error_of(status, {"reason": "so it is"})
    assert (type(error), error.retryable, error.ambiguous) == (kind, retryable, ambiguous)
    assert error.message.startswith(f"HTTP {status}")


@pytest.mark.parametrize("status", [status for status, kind, _, _ in STATUSES if not kind.fatal])
@pytest.mark.parametrize(("advice", "retryable"), [("true", True), ("TRUE", True), ("false", False), ("False", False)])
def test_the_servers_advice_wins_over_the_table(status: int, advice: str, retryable: bool) -> None:
    assert error_of(status, headers={"x-should-retry": advice}).retryable is retryable


@pytest.mark.parametrize(("status", "retryable"), [(503, True), (400, False)])
@pytest.mark.parametrize("advice", ["", "yes", "1"])
def test_any_other_advice_is_none(status: int, retryable: bool, advice: str) -> None:
    assert error_of(status, headers={"x-should-retry": advice}).retryable is retryable


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_another_success_than_200_is_no_answer_to_rely_on(status: int) -> None:
    error = error_of(status)
    assert type(error) is errors.ProtocolError
    assert error.message == f"HTTP {status} instead of 200"
    assert error.ambiguous
    assert not error.retryable


def test_a_plan_limit_is_fatal_and_never_retried() -> None:
    body = {"reason": "You have reached your plan's limit.", "name": "PlanLimitReachedError", "details": {}}
    error = error_of(429, body, {"retry-after": "1", "x-should-retry": "true"})
    assert type(error) is errors.PlanLimit
    assert error.fatal
    assert not error.retryable
    assert error.message == "HTTP 429: You have reached your plan's limit."


@pytest.mark.parametrize("name", ["OtherError", "", None, 7, ["PlanLimitReachedError"]])
def test_another_429_is_a_rate_limit(name: object) -> None:
    assert type(error_of(429, {"reason": "slow down", "name": name})) is errors.RateLimited


def test_the_name_of_a_plan_limit_means_nothing_in_another_status() -> None:
    assert type(error_of(403, {"name": "PlanLimitReachedError"})) is errors.Forbidden


@pytest.mark.parametrize(
    ("credentials", "kind"), [(BEARER, errors.Unauthorized), (BASIC, errors.Forbidden), (None, errors.Forbidden)]
)
def test_a_403_of_the_gateway_is_an_expired_session_where_there_is_a_session(
    credentials: Credentials | None, kind: type[errors.ScenarioError]
) -> None:
    headers = {"x-amzn-errortype": "AccessDeniedException:http://internal.amazon.com/"}
    error = error_of(403, {"message": "User is not authorized"}, headers, credentials)
    assert type(error) is kind
    assert error.fatal is (kind is errors.Unauthorized)


def test_another_403_is_not_the_sessions_fault() -> None:
    assert type(error_of(403, {}, {"x-amzn-errortype": "ForbiddenException"}, BEARER)) is errors.Forbidden
    assert type(error_of(403, {}, {}, BEARER)) is errors.Forbidden


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        (BASIC, f"{KEY} and {SECRET}"),
        (None, f"{KEY} and {SECRET}"),
        (BEARER, f"{JWT}, which may have expired"),
    ],
)
def test_refused_credentials_are_named_by_their_variables(credentials: Credentials | None, named: str) -> None:
    error = error_of(401, {"reason": "Unauthorized"}, {"x-should-retry": "true"}, credentials)
    assert error.message == f"HTTP 401: Unauthorized; check {named}"
    assert not error.retryable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "200"}, 0.2),
        ({"retry-after-ms": "0.5"}, 0.0005),
        ({"retry-after-ms": "200", "retry-after": "9"}, 0.2),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after-ms": "-1"}, None),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "+1"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": "0x10"}, None),
        ({"retry-after": "5."}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "5, 10"}, None),
        ({"retry-after": "\u0665"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "9" * 5_000}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": NOON}, 9),
        ({"retry-after": "Saturday, 21-Nov-26 12:00:09 GMT", "date": NOON}, 9),
        ({"retry-after": "Sat Nov 21 12:00:09 2026", "date": NOON}, 9),
        ({"retry-after": "Sat, 21 Nov 2026 13:00:09 +0100", "date": NOON}, 9),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": "Sat, 21 Nov 2026 11:00:00 -0100"}, 9),
        ({"retry-after": NOON, "date": NOON}, None),
        ({"retry-after": "Sat, 21 Nov 2026 11:59:59 GMT", "date": NOON}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": "today"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": "Sat, 21 Nov 1601 12:00:00 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 100000 12:00:09 GMT", "date": NOON}, None),
        ({"retry-after": "Sat, 21 Nov 2026 1\u0662:00:09 GMT", "date": NOON}, None),
        ({"retry-after": f"Sat, 21 Nov 2026 {'9' * 5_000}:00:09 GMT", "date": NOON}, None),
        ({"retry-after": "Sat, 21 Foo 2026 12:00:09 GMT", "date": NOON}, None),
        ({"retry-after": ",", "date": NOON}, None),
    ],
)
def test_a_wait_is_read_strictly(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_retry_after(headers) == seconds
    assert error_of(503, headers=headers).retry_after == seconds


DATES = st.builds(
    "{}, {:02} {} {} {:02}:{:02}:{:02} {}".format,
    st.sampled_from(["Sat", "Saturday", "", "x"]),
    st.integers(-1, 99),
    st.sampled_from(["Jan", "Feb", "Nov", "nov", "November", "Foo"]),
    st.integers(-1, 100_000),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.sampled_from(["GMT", "", "+0100", "-9999", "EST", "+x"]),
)
WAITS = st.one_of(st.text(), DATES, st.floats().map(str), st.integers().map(str))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), WAITS))
@example({"retry-after": "", "date": ""})
def test_whatever_is_asked_for_is_a_finite_wait_or_none(headers: dict[str, str]) -> None:
    seconds = parse_retry_after(headers)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


def test_a_wait_above_the_cap_is_not_slept_but_named() -> None:
    error = error_of(503, {"reason": "busy"}, {"retry-after": "121"})
    assert not error.retryable
    assert error.retry_after == 121
    assert error.message == "HTTP 503: busy; the server asks to wait 121 s, more than http.max_retry_after (120 s)"


def test_a_429_is_waited_for_whatever_the_cap() -> None:
    error = error_of(429, {"reason": "busy"}, {"retry-after": "121"})
    assert (error.retryable, error.retry_after, error.message) == (True, 121, "HTTP 429: busy")


def test_a_wait_at_the_cap_is_slept() -> None:
    error = error_of(429, {"reason": "busy"}, {"retry-after": "120"})
    assert (error.retryable, error.message) == (True, "HTTP 429: busy")


def test_a_wait_means_nothing_where_there_is_no_retry() -> None:
    assert error_of(400, {"reason": "no"}, {"retry-after": "9999"}).message == "HTTP 400: no"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"reason": "a", "message": "b", "error": "c"}, "a"),
        ({"reason": "", "message": "b", "error": "c"}, "b"),
        ({"reason": None, "message": 7, "error": "c"}, "c"),
        ({"reason": {"deep": "er"}}, None),
        ({}, None),
        (b"", None),
        ('"just a text"', "just a text"),
        ("[1, 2]", "[1, 2]"),
        ("Service Unavailable", "Service Unavailable"),
        ("<html>\n<body>\n  502 Bad\tGateway", "<html> <body> 502 Bad Gateway"),
        (b"\xff\xfe caf\xc3\xa9", "�� café"),
        ('{"reason": "cut', '{"reason": "cut'),
        ({"reason": "two\nlines\r\n::error::three"}, "two lines ::error::three"),
        ({"reason": "\x1b[31mred\x07 \u202egnp\x00"}, r"\x1b[31mred\x07 \u202egnp\x00"),
        ('{"reason": "lone \\ud800"}', r"lone \ud800"),
    ],
)
def test_the_reason_is_found_and_cleaned(body: bytes | str | dict[str, object], reason: str | None) -> None:
    assert error_of(400, body).message == ("HTTP 400" if reason is None else f"HTTP 400: {reason}")


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 100_000, b"\x00" * 100_000])
def test_a_hostile_error_body_is_an_error_as_any_other(body: bytes) -> None:
    error = error_of(500, body)
    assert type(error) is errors.Unavailable
    assert len(error.message) <= 320


def test_a_long_reason_is_shortened() -> None:
    error = error_of(400, {"reason": "word " * 10_000})
    assert error.message.endswith("…")
    assert len(error.message) == len("HTTP 400: ") + 300


def _pair(key: str, secret: str) -> str:
    return base64.b64encode(f"{key}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    "leak",
    [
        "key-4711-abcd",
        "s3cret/+with spaces",
        quote("s3cret/+with spaces", safe=""),
        "s3cret%2F%2Bwith+spaces",
        base64.b64encode(b"s3cret/+with spaces").decode(),
        base64.b64encode(b"s3cret/+with spaces").decode().rstrip("="),
        base64.b64encode(b"key-4711-abcd").decode(),
        _pair("key-4711-abcd", "s3cret/+with spaces"),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_form_of_a_secret_is_repeated(leak: str, status: int) -> None:
    for body in (json.dumps({"reason": f"you sent {leak}, really"}), f"<p>you sent {leak}, really"):
        message = error_of(status, body).message
        assert leak not in message
        assert "you sent [redacted], really" in message


def test_no_session_token_is_repeated() -> None:
    message = error_of(401, {"message": f"bad token {BEARER.secrets[0]}"}, credentials=BEARER).message
    assert message == f"HTTP 401: bad token [redacted]; check {JWT}, which may have expired"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://elsewhere.example:8443/v1/models/x?token=abc#f", "to elsewhere.example"),
        ("https://user:password@elsewhere.example/path", "to elsewhere.example"),
        ("//elsewhere.example/path", "to elsewhere.example"),
        ("/v2/models", "elsewhere"),
        ("", "elsewhere"),
        ("https://[broken/path?token=abc", "elsewhere"),
        ("https://\x1b[31mred.example/", "elsewhere"),
    ],
)
def test_a_redirect_is_an_error_that_names_the_host_alone(status: int, location: str, where: str) -> None:
    error = error_of(status, "<a href='https://elsewhere.example/?token=abc'>", {"location": location})
    assert type(error) is errors.Redirected
    assert not error.retryable
    assert error.message == (
        f"HTTP {status} redirects {where}; not followed, so that credentials stay here: check base_url"
    )


GOOD = b'{"description": {"assets": [], "models": [], "value": "a\\u0000b"}}'


def test_a_good_body_is_a_value() -> None:
    assert decode(Answer(200, {}, GOOD), DescriptionEnvelope).description.value == "a\0b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in to the hotel's network</body></html>",
        GOOD[:-1],
        GOOD[:30],
        GOOD + b"}",
        GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-32"),
        b"\xef\xbb\xbf" + GOOD,
        b'{"a":' * 200_000,
        b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"," + GOOD[1:],
        GOOD.replace(b"\\u0000", b"\\ud800"),
        GOOD.replace(b"\\u0000", b"\\udc00\\ud800"),
        GOOD.replace(b"\\u0000", b"\xff"),
        GOOD.replace(b"\\u0000", b"\xed\xa0\x80"),
        GOOD.replace(b"\\u0000", b"\n"),
        b"NaN",
    ],
)
def test_what_is_no_json_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        decode(Answer(200, {"content-type": "text/HTML; charset=utf-8"}, body), DescriptionEnvelope)
    assert str(caught.value) == "the body is not the JSON that the API promises (text/html)"
    assert caught.value.ambiguous
    assert caught.value.http_status == 200


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [(None, "no content type"), ("text/html; who=key", "text/html"), ("text/key", "another content type")],
)
def test_no_more_is_said_of_a_content_type_than_is_known(content_type: str | None, shown: str) -> None:
    with pytest.raises(errors.ProtocolError, match=rf"\({shown}\)$"):
        decode(Answer(200, {"content-type": content_type} if content_type else {}, b"?"), DescriptionEnvelope)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"null", "$: Expected `object`, got `null`"),
        (b"[]", "$: Expected `object`, got `array`"),
        (b"[" * 200_000, "$: Expected `object`, got `array`"),
        (b"{}", "$.description is missing"),
        (b'{"description": null}', "$.description: Expected `object`, got `null`"),
        (b'{"description": "text"}', "$.description: Expected `object`, got `str`"),
        (b'{"description": {}}', "$.description.assets is missing"),
        (b'{"description": {"assets": [], "models": []}}', "$.description.value is missing"),
        (b'{"description": {"assets": [], "models": [], "value": 7}}', "$.description.value: Expected `str | null`"),
        (b'{"description": {"assets": null, "models": [], "value": ""}}', "$.description.assets: Expected `array`"),
        (b'{"description": {"assets": [], "models": [7], "value": ""}}', "$.description.models[0]: Expected `object`"),
    ],
)
def test_json_of_another_shape_is_a_protocol_error_that_says_where(body: bytes, message: str) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        decode(Answer(200, {}, body), DescriptionEnvelope)
    assert str(caught.value).startswith(message)


def test_a_secret_that_a_long_reason_cuts_is_not_shown_in_part() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9." + "abcdefgh" * 250
    for body in (json.dumps({"reason": token * 2}).encode(), f"<p>{token}".encode(), json.dumps([token]).encode()):
        error = failure(Answer(400, {}, body), (token,), is_bearer=True, max_retry_after=1)
        assert error
        assert "abcdefghabcdefgh" not in error.message


@pytest.mark.parametrize("wait", [f"Sat, 21 Nov 2026 {'9' * 400}:00:09 GMT", f"Sat, 21 Nov 2026 12:00:09 -{'9' * 400}"])
def test_an_endless_date_is_nonsense(wait: str) -> None:
    headers = {"retry-after": wait, "date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    assert parse_retry_after(headers) is None
    assert failure(Answer(503, headers, b""), (), is_bearer=False, max_retry_after=120)
