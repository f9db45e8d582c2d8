"""Which credentials are used, and that they show nowhere."""

import base64
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.credentials import JWT, KEY, SECRET, Credentials, basic, bearer, from_environment, redact
from syncjob.errors import UsageError

PAIR = base64.b64encode(b"the-key:the-secret").decode()
# Signs that the replacement `[redacted]` itself does not hold.
SECRETS = st.text("ABC0123456789-_+/=%&.", min_size=5, max_size=40)


def test_a_key_and_its_secret_become_a_basic_header() -> None:
    made = basic("the-key", "the-secret")
    assert made.header == f"Basic {PAIR}"
    assert not made.is_bearer


def test_a_session_token_becomes_a_bearer_header() -> None:
    made = bearer("the.jwt")
    assert made.header == "Bearer the.jwt"
    assert made.is_bearer


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({KEY: "the-key", SECRET: "the-secret"}, f"Basic {PAIR}"),
        ({JWT: "the.jwt"}, "Bearer the.jwt"),
        ({KEY: "the-key", SECRET: "the-secret", JWT: "the.jwt"}, f"Basic {PAIR}"),
        ({KEY: "the-key", JWT: "the.jwt"}, "Bearer the.jwt"),
        ({KEY: "", SECRET: "", JWT: "the.jwt"}, "Bearer the.jwt"),
    ],
    ids=["pair", "token", "both", "half a pair and a token", "empty pair and a token"],
)
def test_a_pair_wins_over_a_token(environment: dict[str, str], header: str) -> None:
    found = from_environment(environment)
    assert found is not None
    assert found.header == header


@pytest.mark.parametrize("environment", [{}, {KEY: "", SECRET: "", JWT: ""}, {"PATH": "/bin"}])
def test_without_any_variable_there_are_no_credentials(environment: dict[str, str]) -> None:
    assert from_environment(environment) is None


@pytest.mark.parametrize(("given_name", "missing"), [(KEY, SECRET), (SECRET, KEY)])
def test_half_a_pair_is_refused_and_the_missing_half_named(given_name: str, missing: str) -> None:
    with pytest.raises(UsageError) as refused:
        from_environment({given_name: "hush-hush"})
    assert str(refused.value).startswith(f"{missing} is missing")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("name", [KEY, SECRET, JWT])
@pytest.mark.parametrize("bad", ["\n", "\r", " ", "\t", "\0", "\x1b", "\x7f", "é", "\u2028", "\ud800"], ids=ascii)
@pytest.mark.parametrize("place", ["{}hush", "hu{}sh", "hush{}"])
def test_what_no_header_can_hold_is_refused_without_repeating_it(name: str, bad: str, place: str) -> None:
    environment = {KEY: "the-key", SECRET: "the-secret", JWT: "the.jwt"} | {name: place.format(bad)}
    with pytest.raises(UsageError) as refused:
        from_environment(environment)
    assert str(refused.value).startswith(f"{name} holds white space")
    assert "hu" not in str(refused.value)


@pytest.mark.parametrize("made", [basic("the-key", "the-secret"), bearer("the.jwt")], ids=["basic", "bearer"])
def test_a_repr_shows_no_secret(made: Credentials) -> None:
    for shown in (repr(made), str(made), f"{made}"):
        assert shown == "Credentials()"


def test_a_text_without_secrets_is_left_as_it_is() -> None:
    assert redact("the message", ()) == "the message"
    assert redact("the message", basic("the-key", "the-secret").secrets) == "the message"


def test_a_secret_too_short_to_be_one_does_not_garble_messages() -> None:
    assert redact("a cat sat", bearer("a").secrets) == "a cat sat"
    assert redact("it is 1234", bearer("1234").secrets) == "it is 1234"
    assert redact("it is 12345", bearer("12345").secrets) == "it is [redacted]"


def test_a_secret_that_is_short_without_its_padding_does_not_garble_messages() -> None:
    assert redact("a cat = a cat", bearer("a====").secrets) == "a cat = a cat"
    assert redact("a cat", bearer("=====").secrets) == "a cat"


@given(SECRETS, SECRETS)
@settings(deadline=None)
def test_no_form_of_a_secret_is_left(key: str, secret: str) -> None:
    made = basic(key, secret)
    pair = made.header.removeprefix("Basic ")
    for hidden in (key, secret, pair):
        encoded = base64.b64encode(hidden.encode()).decode()
        for form in (hidden, quote(hidden, safe=""), quote_plus(hidden), encoded, encoded.rstrip("=")):
            assert form not in redact(f"before {form} after", made.secrets)
    assert pair not in redact(made.header, made.secrets)


@given(SECRETS)
@settings(deadline=None)
def test_no_form_of_a_token_is_left(jwt: str) -> None:
    made = bearer(jwt)
    for form in (jwt, quote(jwt, safe=""), base64.b64encode(jwt.encode()).decode()):
        assert form not in redact(f"Authorization: Bearer {form}, url=/?q={form}&r", made.secrets)


@pytest.mark.parametrize("length", range(5, 30))
def test_the_base64_pair_is_taken_out_whole_whatever_the_length_of_the_key(length: int) -> None:
    credentials = basic("k" * length, "the-secret-of-the-tests")
    pair = credentials.header.removeprefix("Basic ")
    assert redact(f"you sent {pair}, really", credentials.secrets) == "you sent [redacted], really"
