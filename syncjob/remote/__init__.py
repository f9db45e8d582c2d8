"""The existing side: the only room that reads or writes descriptions on Scenario, but for a probe."""
