"""Benchmarks: `make bench` (`python -m tests.performance [name …]`) runs every file here that has a `run()`.

Each measures the product against a named alternative in the same run and prints the ratio, because a ratio travels between machines and
seconds do not. `SWIS_BENCH_SCALE` (default 1: national size) makes them smaller.
"""
