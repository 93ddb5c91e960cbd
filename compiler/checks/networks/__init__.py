"""Checks of tasks and alignments against what the files of networks say, never a weight."""
