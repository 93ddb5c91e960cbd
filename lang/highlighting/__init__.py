"""Highlighters, made from the table of words: a TextMate grammar for editors and a lexer for Pygments."""
