"""A server of our own that behaves as ClickUp's API v2 does: for tests, for kills, and for a person by hand."""
