"""`Scenario`: the calls of the mission by name.

client = Scenario(basic("api key", "api secret"))
client.models.description.retrieve("flux.1-dev").value
"""

from functools import cached_property

from syncjob.scenario.calls import Calls
from syncjob.scenario.resources import Assets, Models


class Scenario(Calls):
    """A client of one project. Safe to share by threads."""

    @cached_property
    def models(self) -> Models:
        return Models(self)

    @cached_property
    def assets(self) -> Assets:
        return Assets(self)
