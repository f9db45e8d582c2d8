"""Which names are those of pages about a folder, and not of models."""

import pytest

from syncjob.local.pages import is_page


@pytest.mark.parametrize(
    ("model_id", "is_one"),
    [
        ("README", True),
        ("readme.de", True),
        ("_template", True),
        ("CODE-OF-CONDUCT", True),
        ("flux.1-dev", False),
        ("readme-model", False),
        ("model_eyVcnFJcR92BxBkz7N6g5w", False),
        ("_", False),
    ],
)
def test_only_the_usual_names_are_those_of_pages(model_id: str, is_one: bool) -> None:
    assert is_page(model_id) is is_one
