"""What a merged text is for each of its two sides."""

from syncjob.local.unfinished import LABELS

OURS, THEIRS = f"<<<<<<< {LABELS[0]}", f">>>>>>> {LABELS[1]}"


def sides(text: str) -> tuple[list[str], list[str]]:
    """The merged lines as they are if each conflict is settled for the file, and for Scenario."""
    ours: list[str] = []
    theirs: list[str] = []
    where = "both"
    for line in text.split("\n"):
        if line == OURS:
            where = "ours"
        elif line == "=======" and where == "ours":
            where = "theirs"
        elif line == THEIRS and where == "theirs":
            where = "both"
        else:
            ours += [line] if where != "theirs" else []
            theirs += [line] if where != "ours" else []
    assert where == "both"
    return ours, theirs
