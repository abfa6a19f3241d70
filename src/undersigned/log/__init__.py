"""The public log: what an entry says, and the one writer that appends."""
