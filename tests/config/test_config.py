"""config.yaml and the environment: what is read, what wins, and what is refused with its line."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from syncjob.config.config import Config, load
from syncjob.config.schema import Http, Safety
from syncjob.credentials import JWT, KEY, SECRET
from syncjob.errors import UsageError
from tests.support.workspace import Workspace

MINIMAL = 'profile: p\nprofiles:\n  p: {base_url: "https://host/v1"}\n'
PAIR = {KEY: "the-key", SECRET: "the-secret"}


@dataclasses.dataclass(frozen=True)
class Written:
    """A config.yaml in a folder of its own."""

    path: Path

    def load(self, text: str, profile: str | None = None, environment: Mapping[str, str] | None = None) -> Config:
        self.path.write_text(text, "utf-8")
        return load(self.path, profile, environment or {})

    def refusal(self, text: str, profile: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """The message of the refusal, less the path before it."""
        with pytest.raises(UsageError) as refused:
            self.load(text, profile, environment)
        return str(refused.value).replace(f"{self.path}:", "")


@pytest.fixture
def config(tmp_path: Path) -> Written:
    return Written(tmp_path / "config.yaml")


def with_url(url: str) -> str:
    return f"profile: p\nprofiles:\n  p:\n    base_url: '{url}'\n"


def test_every_value_has_a_default_but_the_profile_and_its_url(config: Written) -> None:
    root = config.path.parent
    assert config.load(MINIMAL) == Config(
        path=config.path,
        profiles=frozenset({"p", "sandbox"}),
        profile="p",
        base_url="https://host/v1",
        project_id=None,
        original_assets=False,
        folder=root / "descriptions",
        shown_folder="descriptions",
        state_dir=root / ".syncjob",
        http=Http(8, 100, 30, 60, 5, 120, 60),
        safety=Safety(30, 10, 1_000_000),
        credentials=None,
        is_named=True,
    )


def test_every_value_can_be_set(config: Written) -> None:
    loaded = config.load(
        "descriptions: texts/of/models/\nprofile: p\n"
        "profiles: {p: {base_url: 'https://host', project_id: proj, original_assets: true}}\n"
        "http: {workers: 1, requests_per_minute: 0, timeout: 0.5, deadline: 86400, attempts: 20, max_retry_after: 0,"
        " recheck_after: 0.0, lag: 0, max_wait: 0, share: 0.5}\n"
        "safety: {max_change_percent: 0, max_deletes: 0, max_file_bytes: 1}\n",
        environment=PAIR,
    )
    assert (loaded.project_id, loaded.original_assets, loaded.is_sandbox) == ("proj", True, False)
    assert (loaded.folder, loaded.shown_folder) == (config.path.parent / "texts/of/models", "texts/of/models")
    assert loaded.http == Http(1, 0, 0.5, 86400, 20, 0, 0, 0, 0, 0.5)
    assert loaded.safety == Safety(0, 0, 1)
    assert loaded.credentials is not None
    assert not loaded.credentials.is_bearer


def test_an_absolute_descriptions_folder_is_taken_as_it_is(config: Written, tmp_path: Path) -> None:
    loaded = config.load(MINIMAL + f"descriptions: {tmp_path}/elsewhere\n")
    assert loaded.folder == tmp_path / "elsewhere"


@pytest.mark.parametrize("word", ["no", "012", "on", "1_000"])
def test_a_word_that_yaml_1_1_would_change_stays_a_text(config: Written, word: str) -> None:
    assert config.load(MINIMAL + f"descriptions: {word}\n").shown_folder == word


# One more line for MINIMAL, which has three, and what is said of it.
WRONG = [
    ("http: {workers: no}", '4: http.workers: expected a whole number, got "no"'),
    ("http: {workers: 012}", '4: http.workers: expected a whole number, got "012"'),
    ("http: {workers: 1_000}", '4: http.workers: expected a whole number, got "1_000"'),
    ("http: {workers: '8'}", '4: http.workers: expected a whole number, got "8"'),
    ("http: {workers: 8.0}", "4: http.workers: expected a whole number, got a number"),
    ("http: {workers: true}", "4: http.workers: expected a whole number, got true or false"),
    ("http: {workers: }", "4: http.workers: expected a whole number, got nothing"),
    ("http: {workers: 0}", "4: http.workers: expected a whole number >= 1"),
    ("http: {workers: 129}", "4: http.workers: expected a whole number <= 128"),
    ("http: {requests_per_minute: -1}", "4: http.requests_per_minute: expected a whole number >= 0"),
    ("http: {attempts: 0}", "4: http.attempts: expected a whole number >= 1"),
    ("http: {attempts: 21}", "4: http.attempts: expected a whole number <= 20"),
    ("http:\n  timeout: 0", "5: http.timeout: expected a number > 0.0"),
    ("http:\n  deadline: 86401", "5: http.deadline: expected a number <= 86400.0"),
    ("http: {share: 0}", "4: http.share: expected a number > 0.0"),
    ("http: {share: 1.1}", "4: http.share: expected a number <= 1.0"),
    ("http: {max_wait: -1}", "4: http.max_wait: expected a number >= 0.0"),
    ("http:\n  max_retry_after: -0.1", "5: http.max_retry_after: expected a number >= 0.0"),
    ("http:\n  recheck_after: .inf", '5: http.recheck_after: expected a number, got ".inf"'),
    ("http:\n  recheck_after: 1.e999", "5: http.recheck_after: expected a number <= 86400.0"),
    ("http:", "4: http: expected a mapping, got nothing"),
    ("http: [8]", "4: http: expected a mapping, got a list"),
    ("safety: {max_change_percent: 101}", "4: safety.max_change_percent: expected a whole number <= 100"),
    ("safety: {max_deletes: -1}", "4: safety.max_deletes: expected a whole number >= 0"),
    ("safety: {max_file_bytes: 0}", "4: safety.max_file_bytes: expected a whole number >= 1"),
    ("descriptions: 5", "4: descriptions: expected a text, got a whole number"),
    ("descriptions: [a]", "4: descriptions: expected a text, got a list"),
    ("htp: {}", "4: unknown key 'htp'; did you mean 'http'?"),
    ("http: {worker: 3}", "4: unknown key 'worker'; did you mean 'workers'?"),
    ("safety:\n  max_delete: 3", "5: unknown key 'max_delete'; did you mean 'max_deletes'?"),
    ("zzz: 1", "4: unknown key 'zzz'; known here: descriptions, http, profile, profiles, safety"),
    ("htp: {}\nsafty: {}", "4: unknown key 'htp'; did you mean 'http'?\n5: unknown key 'safty'; did you mean 'safety'?"),
    ("profile: q", "4:1: duplicate key 'profile', first on line 1"),
    ("http: {workers: 1,\n workers: 1}", "5:2: duplicate key 'workers', first on line 4"),
    ("http: &a {workers: 1}", "4:7: anchors (&) and aliases (*) are not allowed"),
    ("http: *a", "4:7: anchors (&) and aliases (*) are not allowed"),
    ("http: {workers", "4:7: '{' is never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "message"), WRONG)
def test_what_does_not_fit_is_named_with_its_line(config: Written, more: str, message: str) -> None:
    assert config.refusal(MINIMAL + more + "\n") == message


def test_an_unknown_key_is_shown_so_that_nothing_in_it_acts(config: Written) -> None:
    message = config.refusal(MINIMAL + '"\\e[2J\\n::error::": 1\n')
    assert message.isprintable()
    assert "x1b[2J ::error::" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{path} is empty; it needs `profiles:` at least"),
        ("just words", "{path}: the file: expected a mapping, got a text"),
        ("- a", "{path}: the file: expected a mapping, got a list"),
        ("profile: p", "{path}: the file: object missing required field `profiles`"),
        ("profiles: [p]", "{path}:1: profiles: expected a mapping, got a list"),
        ("profiles: {}\nprofile: p", "{path}: no profile 'p'; it has none"),
        ("profiles:\n  p: 5", "{path}:2: profiles.p: expected a mapping, got a whole number"),
        ("profiles:\n  p: {}", "{path}:2: profiles.p: object missing required field `base_url`"),
        ("profiles:\n  p:\n    base_url: 5", "{path}:3: profiles.p.base_url: expected a text, got a whole number"),
        ("profiles:\n  p:\n    bas_url: x", "{path}:3: unknown key 'bas_url'; did you mean 'base_url'?"),
        (
            "profiles:\n  p: {base_url: 'sandbox:',\n   original_assets: no}",
            '{path}:3: profiles.p.original_assets: expected true or false, got "no"',
        ),
        (
            "profiles:\n  p: {base_url: 'sandbox:',\n   project_id: 8}",
            "{path}:3: profiles.p.project_id: expected a text, got a whole number",
        ),
        (
            'profiles:\n  "x\\n::error::\\e": 5',
            "{path}:2: profiles.x ::error::\\x1b: expected a mapping, got a whole number",
        ),
        (
            "profiles:\n  p: {base_url: 'sandbox:',\n   http: 8}",
            "{path}:3: profiles.p.http: expected a mapping, got a whole number",
        ),
        (
            "profiles:\n  p: {base_url: 'sandbox:',\n   http: {workrs: 8}}",
            "{path}:3: unknown key 'workrs'; did you mean 'workers'?",
        ),
        (
            "profiles:\n  p: {base_url: 'sandbox:',\n   http: {workers: '8'}}",
            '{path}:3: profiles.p.http.workers: expected a whole number, got "8"',
        ),
        (
            "profiles:\n  p: {base_url: 'sandbox:', safety:\n   {max_deletes: -1}}",
            "{path}:3: profiles.p.safety.max_deletes: expected a whole number >= 0",
        ),
        ("[\n" * 30_000, "{path}:51:1: is nested too deeply"),
        ("#" * 65_537, "cannot read the config {path}: it holds 65,537 bytes, more than 65,536"),
        ("a: \x01", "{path}: holds a character that YAML does not allow"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_config_is_refused(config: Written, text: str, message: str) -> None:
    config.path.write_text(text)
    with pytest.raises(UsageError) as refused:
        load(config.path, None, {})
    assert str(refused.value) == message.replace("{path}", str(config.path))


def test_a_fault_in_a_profile_that_is_not_chosen_is_named_as_well(config: Written) -> None:
    assert (
        config.refusal(MINIMAL + "  q: {base_url: nowhere}\n")
        == "4: base_url must be https://<host>/<path>, or sandbox:"
    )


def test_a_config_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "No such file or directory"), (tmp_path, "it is a folder")):
        with pytest.raises(UsageError) as refused:
            load(path, None, {})
        assert str(refused.value) == f"cannot read the config {path}: {reason}"


SECRET_KEYS = [
    "SCENARIO_SDK_API_KEY", "SCENARIO_SDK_API_SECRET", "scenario_sdk_jwt", "secret", "api_key", "apiKey", "key", "jwt", "token",
    "password", "passwd", "credentials", "api-key",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MINIMAL + "KEY: hush-hush\n", 4),
        (MINIMAL + "http: {\n  KEY: hush-hush}\n", 5),
        (MINIMAL.replace("{base_url", "{KEY: hush-hush, base_url"), 3),
        (MINIMAL + "  q: {base_url: 'sandbox:', safety: {KEY: hush-hush}}\n", 4),
    ],
    ids=["top", "http", "profile", "safety of a profile"],
)
def test_credentials_in_the_file_are_refused_and_never_repeated(
    config: Written, key: str, text: str, line: int
) -> None:
    message = config.refusal(text.replace("KEY", key))
    assert message.startswith(f"{line}: '{key}': credentials do not belong in the config; set {KEY} and {SECRET}")
    assert message.endswith("and revoke what was written here")
    assert "hush" not in message


def test_a_secret_that_is_written_like_a_variable_is_not_repeated(config: Written) -> None:
    message = config.refusal(MINIMAL + "http: {SCENARIO_SDK_API_SECRET=hush-hush}\n")
    assert message.startswith("4: 'SCENARIO_SDK_API_SECRET': credentials do not belong in the config")
    assert "hush" not in message


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://host", "https://host"),
        ("https://host/v1/", "https://host/v1"),
        ("https://host:8443/a/b//", "https://host:8443/a/b"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
        ("http://LocalHost:1", "http://LocalHost:1"),
        ("sandbox:", "sandbox:"),
    ],
)
def test_https_and_loopback_are_allowed(config: Written, url: str, base_url: str) -> None:
    assert config.load(with_url(url)).base_url == base_url


CREDENTIALS_IN_URL = "holds credentials; set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET instead"
IN_THE_CLEAR = "http:// is for loopback alone, the credentials would go in the clear; use https://"
BAD_URLS = [
    ("https://user:hush@host/v1", f" {CREDENTIALS_IN_URL}"),
    ("https://hush@host", f" {CREDENTIALS_IN_URL}"),
    ("https://:hush@host", f" {CREDENTIALS_IN_URL}"),
    ("https://@host", f" {CREDENTIALS_IN_URL}"),
    ("http://localhost@host", f" {CREDENTIALS_IN_URL}"),
    ("https://host?token=hush", " holds a query or a fragment; give scheme, host and path alone"),
    ("https://host/v1#hush", " holds a query or a fragment; give scheme, host and path alone"),
    ("http://host/v1", f": {IN_THE_CLEAR}host/v1"),
    ("http://localhost.host", f": {IN_THE_CLEAR}localhost.host"),
    ("http://127.0.0.1.host", f": {IN_THE_CLEAR}127.0.0.1.host"),
    ("http://0.0.0.0", f": {IN_THE_CLEAR}0.0.0.0"),  # noqa: S104  nothing listens there
    ("http://10.0.0.1", f": {IN_THE_CLEAR}10.0.0.1"),
    ("http://2130706433", f": {IN_THE_CLEAR}2130706433"),
    ("https://host:99999", " is not a URL"),
    ("https://host:hush", " is not a URL"),
    ("https://[::1", " is not a URL"),
    ("ftp://host", " must be https://<host>/<path>, or sandbox:"),
    ("//host", " must be https://<host>/<path>, or sandbox:"),
    ("host/v1", " must be https://<host>/<path>, or sandbox:"),
    ("https://", " must be https://<host>/<path>, or sandbox:"),
    ("https:///v1", " must be https://<host>/<path>, or sandbox:"),
    ("https://host?", " holds a query or a fragment; give scheme, host and path alone"),
    ("https://host/v1#", " holds a query or a fragment; give scheme, host and path alone"),
    (" https://host", " holds a space or another character that no URL holds"),
    ("https://host/a b", " holds a space or another character that no URL holds"),
    ("https://h\u2025st", " holds a space or another character that no URL holds"),
    ("https://h\u00f6st", " holds a space or another character that no URL holds"),
    ("sandbox:x", " must be https://<host>/<path>, or sandbox:"),
    ("sandbox", " must be https://<host>/<path>, or sandbox:"),
    ("", " must be https://<host>/<path>, or sandbox:"),
]


@pytest.mark.parametrize(("url", "message"), BAD_URLS)
def test_a_url_that_credentials_must_not_go_to_is_refused_and_its_secrets_not_repeated(
    config: Written, url: str, message: str
) -> None:
    assert config.refusal(with_url(url)) == f"4: base_url{message}"
    if url:
        assert config.refusal(MINIMAL, environment={"SCENARIO_BASE_URL": url}) == f"SCENARIO_BASE_URL{message}"
    assert "hush" not in message


THREE = (
    "profiles:\n  sandbox: {base_url: 'sandbox:'}\n  one: {base_url: 'https://one'}\n  two: {base_url: 'https://two'}\n"
)


@pytest.mark.parametrize(
    ("in_file", "asked", "chosen"),
    [
        ("one", None, "one"),
        ("one", "two", "two"),
        ("nowhere", "two", "two"),
        (None, "sandbox", "sandbox"),
        ("one", "", "one"),
    ],
)
def test_the_profile_that_is_asked_for_wins_over_that_of_the_file(
    config: Written, in_file: str | None, asked: str | None, chosen: str
) -> None:
    loaded = config.load((f"profile: {in_file}\n" if in_file else "") + THREE, asked)
    assert loaded.profile == chosen
    assert loaded.base_url == {"sandbox": "sandbox:", "one": "https://one", "two": "https://two"}[chosen]


def test_a_profile_must_be_chosen_and_must_exist(config: Written) -> None:
    assert config.refusal(THREE) == " no profile chosen; set `profile:`, or give --profile (one, sandbox, two)"
    assert config.refusal(THREE, "tow") == " no profile 'tow'; it has one, sandbox, two"
    assert config.refusal("profile: no\n" + THREE) == " no profile 'no'; it has one, sandbox, two"
    assert config.refusal(THREE, "\x1b\n").startswith(" no profile '\\\\x1b'")


def test_a_profile_replaces_single_values_of_the_files_own(config: Written) -> None:
    text = (
        "http: {workers: 3, attempts: 2}\nsafety: {max_deletes: 7}\n"
        "profiles:\n  p: {base_url: 'https://p', http: {workers: 4}, safety: {max_change_percent: 5}}\n"
        "  q: {base_url: 'https://q'}\n"
    )
    p, q = config.load(text, "p"), config.load(text, "q")
    assert (p.http, p.safety) == (Http(workers=4, attempts=2), Safety(max_change_percent=5, max_deletes=7))
    assert (q.http, q.safety) == (Http(workers=3, attempts=2), Safety(max_deletes=7))


def test_the_environment_overrides_the_url_but_never_that_of_the_sandbox(config: Written) -> None:
    environment = {"SCENARIO_BASE_URL": "https://other/v2/", **PAIR}
    assert config.load(MINIMAL, None, environment).base_url == "https://other/v2"
    assert config.load(MINIMAL, None, {"SCENARIO_BASE_URL": ""}).base_url == "https://host/v1"
    sandbox = config.load(THREE, "sandbox", environment)
    assert sandbox.is_sandbox
    assert sandbox.credentials is None
    assert config.load(THREE, "sandbox", {"SCENARIO_BASE_URL": "http://user:hush@host"}).is_sandbox


def test_the_environment_may_turn_a_profile_into_the_sandbox(config: Written) -> None:
    loaded = config.load(MINIMAL, None, {"SCENARIO_BASE_URL": "sandbox:", **PAIR})
    assert loaded.is_sandbox
    assert loaded.credentials is None


def test_the_state_folder_can_be_elsewhere(config: Written, tmp_path: Path) -> None:
    assert config.load(MINIMAL, None, {"SYNCJOB_STATE_DIR": "/var/state"}).state_dir == Path("/var/state")
    assert config.load(MINIMAL, None, {"SYNCJOB_STATE_DIR": "state"}).state_dir == Path("state")
    assert config.load(MINIMAL, None, {"SYNCJOB_STATE_DIR": ""}).state_dir == tmp_path / ".syncjob"


def test_a_pair_wins_over_a_token_and_half_a_pair_is_refused(config: Written) -> None:
    both = config.load(MINIMAL, None, {**PAIR, JWT: "the.jwt"}).credentials
    assert both is not None
    assert both.header.startswith("Basic ")
    token = config.load(MINIMAL, None, {JWT: "the.jwt"}).credentials
    assert token is not None
    assert token.header == "Bearer the.jwt"
    assert config.refusal(MINIMAL, None, {KEY: "the-key"}).startswith(f"{SECRET} is missing")
    assert config.refusal(MINIMAL, None, {**PAIR, SECRET: "the-secret\n"}).startswith(f"{SECRET} holds white space")
    # The sandbox asks for no credentials, so wrong ones do not matter there.
    assert config.load(THREE, "sandbox", {KEY: "the-key"}).credentials is None


def test_a_repr_shows_no_secret(config: Written) -> None:
    loaded = config.load(MINIMAL, None, {**PAIR, JWT: "the.jwt"})
    assert loaded.credentials is not None
    shown = repr(loaded) + str(loaded)
    assert "Credentials()" in shown
    assert [secret for secret in (*loaded.credentials.secrets, "the.jwt") if secret in shown] == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder `repo` with .git and folders below it, and a config above it."""
    (tmp_path / "config.yaml").write_text(MINIMAL.replace("host", "above"))
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    return tmp_path / "repo"


def test_the_config_of_the_current_folder_or_the_nearest_above_is_found(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "config.yaml").write_text(MINIMAL.replace("host", "repo"))
    monkeypatch.chdir(repository / "a" / "b")
    found = load(None, None, {})
    assert (found.path, found.base_url) == (repository / "config.yaml", "https://repo/v1")
    assert found.folder == repository / "descriptions"
    (repository / "a" / "config.yaml").write_text(MINIMAL.replace("host", "nearer"))
    assert load(None, None, {}).base_url == "https://nearer/v1"
    monkeypatch.chdir(repository)
    here = load(None, None, {})
    assert (here.path, here.folder, here.base_url) == (Path("config.yaml"), Path("descriptions"), "https://repo/v1")


@pytest.mark.parametrize("root", ["folder", "file"])
def test_the_search_stops_at_the_root_of_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    if root == "file":  # as in a submodule or a second working tree
        (repository / ".git").rmdir()
        (repository / ".git").write_text("gitdir: elsewhere")
    (repository / "a" / "config.yaml").mkdir()  # a folder of that name is no config
    for folder in (repository, repository / "a" / "b"):
        monkeypatch.chdir(folder)
        with pytest.raises(UsageError) as refused:
            load(None, None, {})
        assert str(refused.value).startswith(f"no config.yaml in {folder} or above it in the repository;")


def test_without_a_repository_only_the_current_folder_counts(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".git").rmdir()
    monkeypatch.chdir(repository / "a")
    with pytest.raises(UsageError, match=r"outside a repository, only the current folder counts"):
        load(None, None, {})
    assert load(repository.parent / "config.yaml", None, {}).base_url == "https://above/v1"
    monkeypatch.chdir(repository.parent)
    assert load(None, None, {}).base_url == "https://above/v1"


def test_a_host_that_no_name_can_have_is_a_message(workspace: Workspace) -> None:
    workspace.write("one", "text")
    ended = workspace.run("diff", SCENARIO_BASE_URL="https://xn--/v1")
    assert ended.status == 2
    assert "internal" not in ended.err
