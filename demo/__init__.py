"""One real call, placed and drawn: `make demo`."""
