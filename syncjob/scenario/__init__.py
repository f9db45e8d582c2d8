"""The Scenario API as far as descriptions need it: a typed client that knows no files and no plans."""

from syncjob.scenario.resources import Scenario

__all__ = ["Scenario"]
