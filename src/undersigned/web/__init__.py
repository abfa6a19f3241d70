"""HTTP: handlers of a few lines over the use cases, and the pages."""
