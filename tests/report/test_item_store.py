"""The items of a report on the disk."""

from dataclasses import replace

from msgspec import structs

from syncjob.plan.compare import Change, Plan
from syncjob.problems import Failure, warning
from syncjob.report.build import plan_items, summarise
from syncjob.report.item_store import Spool, notable
from syncjob.report.model import Item

PLAIN = tuple(
    Change(f"m{number:04}", f"d/m{number:04}.md", "unchanged", before_sha256="ab", after_sha256="ab")
    for number in range(250)
)
WARNED = replace(PLAIN[7], problems=(warning("file-encoding", "starts with a mark"),))
FAILED = replace(PLAIN[180], action="invalid", failure=Failure("unavailable", "no response"))
WRITTEN = replace(PLAIN[249], action="update", before="a", after="b")
ITEMS = plan_items(Plan((*PLAIN[:7], WARNED, *PLAIN[8:180], FAILED, *PLAIN[181:249], WRITTEN)))


def spooled(items: tuple[Item, ...]) -> Spool:
    spool = Spool()
    spool.add(items[:1], 0)
    spool.add(items[1:], 1)
    return spool


def test_what_is_put_in_is_what_comes_out_in_order() -> None:
    assert tuple(spooled(tuple(reversed(ITEMS)))) == ITEMS


def test_only_what_is_in_step_without_a_word_is_not_notable() -> None:
    spool = spooled(ITEMS)
    ids = [WARNED.model_id, FAILED.model_id, WRITTEN.model_id]
    assert [item.model_id for item in notable(spool)] == ids
    assert [item.model_id for item in notable(ITEMS)] == ids
    assert [item.model_id for item in notable(spool.of(0))] == []
    summary = summarise(spool)
    assert (summary.unchanged, summary.invalid, summary.update, summary.failed) == (248, 1, 1, 1)
    assert summary == summarise(ITEMS)


def test_an_item_that_is_put_again_is_judged_again() -> None:
    spool = spooled(ITEMS)
    spool.put([structs.replace(ITEMS[249], action="unchanged", status="unchanged")], 1, 249)
    spool.put([structs.replace(ITEMS[0], status="failed")], 0, 0)
    assert [item.model_id for item in notable(spool)] == [PLAIN[0].model_id, WARNED.model_id, FAILED.model_id]
