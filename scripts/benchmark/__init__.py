"""The parts of `scripts/bench.py`: a traffic generator on plain sockets, a bridge to compare with, ..."""
