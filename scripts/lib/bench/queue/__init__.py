"""Measures the durable queue beside others, and beside itself under harder conditions."""
