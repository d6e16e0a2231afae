"""The parts of scripts/bench: one measure a file."""
