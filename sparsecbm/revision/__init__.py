"""Lasting edits: mask revision, rules, patches and the history of a session."""
