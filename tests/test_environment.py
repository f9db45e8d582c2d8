"""What the environment says of where syncjob runs."""

import pytest

from syncjob.environment import HELP, help_page

BLOB = f"https://github.com/acme/syncjob/blob/v0/{HELP}"


@pytest.mark.parametrize(
    ("environment", "page"),
    [
        ({}, HELP),
        ({"GITHUB_ACTION_PATH": "/w/_actions/acme/syncjob/v0"}, HELP),
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": "/w/_actions/acme/syncjob/v0"}, BLOB),
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": r"D:\a\_actions\acme\syncjob\v0"}, BLOB),
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": "/w/site/site/."}, HELP),
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": '/w/_actions/acme/"><script>/v0'}, HELP),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": "/w/_actions/acme/syncjob/v0",
                "GITHUB_SERVER_URL": "javascript:alert(1)",
            },
            HELP,
        ),
    ],
)
def test_the_page_of_help_has_an_address_if_the_action_has_one(environment: dict[str, str], page: str) -> None:
    assert help_page(environment) == page
