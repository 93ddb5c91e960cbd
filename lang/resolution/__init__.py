"""Which declaration each name in a file means: what an editor needs to hover, to jump and to rename."""
