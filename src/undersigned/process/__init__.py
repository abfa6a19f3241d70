"""What runs: the supervisor, the worker, the embedded database, and what each of them says."""
