"""What a pull does with each text on Scenario: judged by git, merged if asked to, and acknowledged."""
