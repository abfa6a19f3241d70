"""What partners' pages load: ES modules, joined into scripts at start, and their words, which are data."""
