"""What a pull does with each text of Scenario's: judged by git, merged if asked to, written and acknowledged."""
