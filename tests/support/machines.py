"""Hypothesis' state machines over a served stand-in, with settings that fit what takes real time."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.support.loopback import loopback

# A failure is shown as it was found: to make it smaller takes minutes, which only the deep suite has.
FOUND = (Phase.reuse, Phase.generate)
SHRUNK = (*FOUND, Phase.shrink)


def laws_hold(
    machine: type[RuleBasedStateMachine], folder: Path, phases: tuple[Phase, ...], *, examples: int, steps: int
) -> None:
    """Runs a machine, whose class gets the stand-in as `served` and the folder as `root`."""
    with loopback(Path(":memory:")) as remote:
        run_state_machine_as_test(
            type("Machine", (machine,), {"served": remote, "root": folder}),
            settings=settings(
                phases=phases,
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
