"""The tests: sentences about what holds, on real parts."""
