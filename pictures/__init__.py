"""The pictures of the README, made from the demo as it is: `make pictures`. Needs a Chromium on PATH."""
