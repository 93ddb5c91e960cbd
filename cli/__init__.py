"""The command line: one file per command; each parses arguments, calls, renders, and returns an exit status."""
