"""Doc strings: what each declaration of a file says of itself."""

from .record import record
from .syntax.leaves import Name
from .syntax.tree import KEYWORDS, SyntaxTree


@record
class Doc:
    """The doc string of a declaration; `kind` is the word that opens it."""

    kind: str
    name: str
    text: str


def collect_docs(tree: SyntaxTree) -> tuple[Doc, ...]:
    """The doc strings of all declarations with a name, in order; `tree` has no loops any more."""
    found = []
    for declaration in tree.declarations:
        name = getattr(declaration, "name", None)
        doc: str = getattr(declaration, "doc", "")
        if isinstance(name, Name) and doc:
            found.append(Doc(KEYWORDS[type(declaration)], name.text, doc))
    return tuple(found)
