"""Settings: typed schema, loading, checks, examples, and the words."""
