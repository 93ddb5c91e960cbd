"""Text -> syntax tree: tokens, slices, the grammar and its parser, and what is said of what cannot be read."""
