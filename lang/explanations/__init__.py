"""What each diagnostic code means, in a paragraph with an example: one Markdown file for each stage.

A section `## CSnnn` has a paragraph and one example. A block of `cspec` is added to `equality.cspec`, unless it has a
`task` and network of its own; the tests check it and expect that code and no other. `<!-- golden: NAME -->` names a
file of tests/golden that shows the code instead, `<!-- test: PATH -->` a test that brings it about.
"""
