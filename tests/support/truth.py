"""What a run says against what the server's own log says: every contradiction between the two. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncjob.text.canonical import canonical, sha256
from tests.support.lagging_server import Put

UNCERTAIN = "write-uncertain"
LAGGING = "remote-lagging"
# What a run says of an item that it does not know for sure.
_DOUBTS = ("may have been written", "may still", "finds out what it did")


@dataclass(frozen=True)
class Seen:
    """One run from both sides: what it said, and what then was so; texts are canonical, "" for none.

    `report` and `records` are those of JSON, None and empty if there are none; `end` is what Scenario held in the
    end. `denied` are the models that the API itself, in its own form, said had no description: only a write that
    rests on it has to know better. Of `hidden` models a reading may have shown, for a lag, neither an edit of somebody
    nor a write of which an earlier run did not know what became: nobody can tell what then stood there.
    """

    status: int
    out: str
    err: str
    report: Mapping[str, Any] | None
    records: Sequence[Mapping[str, Any]]
    puts: Sequence[Put]
    end: Mapping[str, str]
    denied: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    def landed(self, model_id: str) -> list[Put]:
        """Those of a model that landed, in the order in which they did."""
        landed = (put for put in self.puts if put.model_id == model_id and put.has_landed)
        return sorted(landed, key=lambda put: put.place)

    @property
    def items(self) -> Sequence[Mapping[str, Any]]:
        return self.report["items"] if self.report else []


def contradictions(seen: Seen) -> list[str]:
    """Each as a sentence; none if all that was said is true."""
    return [
        *(f"{item['model_id']}: {said}" for item in seen.items for said in _of_item(seen, item)),
        *_of_status(seen),
        *_of_counts(seen),
        *_of_words(seen),
        *_of_journal(seen),
    ]


def is_doubted(item: Mapping[str, Any]) -> bool:
    """Whether the item says that its write may have landed."""
    error = item["error"] or {"code": "", "message": ""}
    told = [error, *item["problems"]]
    codes = {each["code"] for each in told}
    return UNCERTAIN in codes or any(doubt in each["message"] for each in told for doubt in _DOUBTS)


def _of_item(seen: Seen, item: Mapping[str, Any]) -> Iterator[str]:
    landed, status, end = seen.landed(item["model_id"]), item["status"], sha256(seen.end[item["model_id"]])
    is_hidden = item["model_id"] in seen.hidden
    if status == "applied" and not landed and not (is_hidden and end == item["after_sha256"]):
        yield "applied, and nothing landed"
    if status == "applied" and end != item["after_sha256"]:
        yield "applied, and Scenario holds another text"
    if status in ("failed", "refused", "not_attempted") and landed and not is_doubted(item):
        yield f"{status} without a word of doubt, and it landed"
    if status in ("unchanged", "planned") and landed:
        yield f"{status}, and it was written"
    is_suspect = any(problem["code"] == LAGGING for problem in item["problems"])
    is_suspect = is_suspect or (item["model_id"] in seen.denied and item["after_sha256"] is None)
    if status == "unchanged" and not (is_suspect or is_hidden) and end != item["after_sha256"] and _is_compared(item):
        yield "unchanged, and Scenario holds another text"


def _is_compared(item: Mapping[str, Any]) -> bool:
    left_alone = ("deleted-locally", "nothing-written")
    return item["action"] == "unchanged" and not any(problem["code"] in left_alone for problem in item["problems"])


def _of_status(seen: Seen) -> Iterator[str]:
    bad = [item["model_id"] for item in seen.items if item["status"] in ("failed", "refused", "not_attempted")]
    if seen.report is not None and seen.report["exit_code"] != seen.status:
        yield f"exit {seen.status}, and the report says {seen.report['exit_code']}"
    if seen.status == 2 and seen.puts:
        yield f"exit 2, and {len(seen.puts)} writes were sent"
    if seen.status == 0 and bad:
        yield f"exit 0, and {', '.join(bad)} ended otherwise"
    if seen.report is None and seen.puts and seen.status not in (130, 143):
        yield "writes were sent, and there is no report"


def _of_counts(seen: Seen) -> Iterator[str]:
    if seen.report is None:
        return
    summary = seen.report["summary"]
    statuses = Counter(item["status"] for item in seen.items)
    for name in ("applied", "failed", "refused", "not_attempted"):
        if summary[name] != statuses[name]:
            yield f"the summary has {summary[name]} {name}, the items {statuses[name]}"
    doubted = sum(map(is_doubted, seen.items))
    if summary.get("uncertain", doubted) != doubted:
        yield f"the summary has {summary['uncertain']} uncertain, the items {doubted}"
    if seen.report["requests"]["put"] != len(seen.puts):
        yield f"the report counts {seen.report['requests']['put']} PUTs, the server {len(seen.puts)}"


def _of_words(seen: Seen) -> Iterator[str]:
    said = f"{seen.out}\n{seen.err}"
    landed = {put.model_id for put in seen.puts if put.has_landed}
    doubted = {item["model_id"] for item in seen.items if is_doubted(item)}
    if re.search(r"\bnothing was (?:written|changed)", said, re.IGNORECASE) and landed:
        yield f"nothing was written, it says, and {', '.join(sorted(landed))} landed"
    for number in re.findall(r"^Applied (\d+)", seen.out, re.MULTILINE):
        if not int(number) - len(seen.hidden) <= len(landed) <= int(number) + len(doubted):
            yield f"Applied {number}, it says, and {len(landed)} landed"


def _of_journal(seen: Seen) -> Iterator[str]:
    intents: dict[str, list[Mapping[str, Any]]] = {}
    results: dict[str, Mapping[str, Any]] = {}
    for record in seen.records:
        if record["record"] == "intent":
            intents.setdefault(record["model_id"], []).append(record)
        elif record["record"] == "result":
            results[record["model_id"]] = record
        elif record["record"] == "end" and record["exit_code"] != seen.status:
            yield f"the journal ends with {record['exit_code']}, the run with {seen.status}"
    for model_id in sorted({put.model_id for put in seen.puts}):
        told = _of_writes(seen, model_id, intents.get(model_id, []), results.get(model_id))
        yield from (f"{model_id}: {said}" for said in told)


def _of_writes(
    seen: Seen, model_id: str, intents: Sequence[Mapping[str, Any]], result: Mapping[str, Any] | None
) -> Iterator[str]:
    landed = seen.landed(model_id)
    befores = {canonical(intent["before"] or "") for intent in intents}
    if {sha256(put.text) for put in seen.puts if put.model_id == model_id} - {each["after_sha256"] for each in intents}:
        yield "a text was sent that no intent tells of"
    if model_id in seen.hidden:
        return
    lost = {put.over for put in landed if put.over and put.over != put.text} - befores
    if lost:
        yield f"overwritten, and no intent's `before`: {sorted(map(str, lost))}"
    if landed and landed[0].over not in befores:
        yield f"the journal says it replaced {sorted(befores)}, and it was {landed[0].over!r}"
    if result is not None:
        yield from _of_result(result, bool(landed))


def _of_result(result: Mapping[str, Any], has_landed: bool) -> Iterator[str]:
    effect = result.get("effect")
    if result["status"] == "applied" and not has_landed:
        yield "applied by the journal, and nothing landed"
    if (effect == "written") > has_landed:
        yield "written by the journal, and nothing landed"
    if effect == "none" and has_landed:
        yield "without effect by the journal, and it landed"
