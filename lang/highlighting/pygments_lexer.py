"""A lexer for Pygments, made from the table of words; Pygments finds it by its entry point."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from ..words import keywords

NAME = r"[^\W\d]\w*"


class CspecLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """`.cspec` files."""

    name = "cspec"
    aliases: ClassVar[list[str]] = ["cspec"]
    filenames: ClassVar[list[str]] = ["*.cspec"]

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\ufeff", Text),
            (r"\s+", Text),
            (r"#[^\n]*", Comment.Single),
            (r'"""(?:.|\n)*?"""', String.Doc),
            (r'"', String.Double, "text"),
            (
                words(keywords.DECLARATIONS, prefix=r"(?m:^)([ \t]*)", suffix=rf"([ \t]+)({NAME})"),
                bygroups(Text, Keyword.Declaration, Text, Name.Class),
            ),
            (words((*keywords.ESTIMANDS, *keywords.FUNCTIONS, *keywords.READINGS), suffix=r"(?=\s*\()"), Name.Builtin),
            (words(keywords.OPERATORS, prefix=r"\b", suffix=r"\b"), Operator.Word),
            (words(("false", "true"), prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(keywords.TYPES, prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (words((*keywords.FAMILIES, *keywords.LOADERS), prefix=r"\b", suffix=r"\b"), Name.Builtin),
            (words(keywords.COMPONENTS, prefix=r"\b", suffix=r"\b(?=[\[(. ])"), Name.Attribute),
            (words((*keywords.CONSTANTS, *keywords.OUTCOMES), prefix=r"\b", suffix=r"\b"), Name.Constant),
            (words(keywords.GROUPS["lines"], prefix=r"\b", suffix=r"\b"), Keyword),
            (words(keywords.GROUPS["clauses"], prefix=r"\b", suffix=r"\b"), Keyword),
            (words(keywords.DECLARATIONS, prefix=r"\b", suffix=r"\b"), Keyword.Declaration),
            (NAME, Name),
            (r"\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*", Number),
            (r"\+-|->|:=|==|!=|<=|>=|\.\.|//|[-+*%<>=|@]", Operator),
            (r"[{}()\[\],:.]", Punctuation),
        ],
        "text": [
            (r'"', String.Double, "#pop"),
            (r"\\.", String.Escape),
            (r"\{[^{}\"]*\}", String.Interpol),
            (r"[^\"\\{\n]+|\{", String.Double),
        ],
    }
