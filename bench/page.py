"""The generated parts of docs/benchmarks.md, between markers. Pure."""

import re


def with_part(page: str, name: str, text: str) -> str:
    """The page with the text between the part's markers replaced; raises ValueError if it has none."""
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page has no one place for {name}")
    return pattern.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", page)
