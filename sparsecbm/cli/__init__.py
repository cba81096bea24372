"""The command line: its parser and what it writes. Each command stands in its capability."""
