"""Random trouble for a running pool, and the proof that nothing came of it."""
