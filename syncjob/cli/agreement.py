"""What has to be agreed to before a run writes."""

from typing import TYPE_CHECKING

from syncjob.cli.question import is_agreed

if TYPE_CHECKING:
    from syncjob.cli.planned import Agrees
    from syncjob.cli.product import Product
    from syncjob.config import Config
    from syncjob.report.model import Report


def unasked(report: "Report", will_write: bool, rest: int) -> bool:
    """The agreement of a run that asks nobody."""
    return True


def asking(config: "Config", product: "Product") -> "Agrees":
    """A person's agreement, asked for once: a yes is for the slices that follow too."""
    is_asked = False

    def agrees(report: "Report", will_write: bool, rest: int) -> bool:
        nonlocal is_asked
        if is_asked or not will_write:
            return True
        is_asked = True
        return is_agreed(_question(report, config, rest, is_shown=product.is_on_screen))

    return agrees


def _question(report: "Report", config: "Config", rest: int, *, is_shown: bool) -> str:
    """What is to be agreed to; with the counts where the plan is not shown right above."""
    from syncjob.report.summary import plan_line

    summary = report.summary
    number = summary.create + summary.update + summary.delete
    what = "this change" if number == 1 else f"these {number:,} changes"
    where = "the embedded stand-in" if config.is_sandbox else config.base_url
    more = f", and then what the other {rest:,} descriptions need" if rest else ""
    return f"{'' if is_shown else plan_line(report) + ' '}Write {what} to {where} (profile {config.profile}){more}?"
