"""Prompts cut into pieces: their rows are those of the whole text's tokens, for tokenizers of every kind."""

from pathlib import Path

import numpy as np
import pytest
from cspec.compiler.encode_prompts import PromptEncoding, PromptRows
from cspec.compiler.network_facts import Tokenizer, read_tokenizer
from cspec.compiler.prompt_pieces import cut_template
from cspec.lang.domains import integers
from cspec.lang.expressions import Variable
from cspec.lang.texts import Slot, Template
from tokenizers import AddedToken, Regex, models, pre_tokenizers, processors
from tokenizers import Tokenizer as Library

from .test_tokenizers import byte_level, metaspace, unigram, word_piece

DOMAIN = integers(-3, 120)
LOW, HIGH = (Slot(Variable(name, DOMAIN), name) for name in ("low", "high"))
PADDED = Slot(Variable("low", DOMAIN), "low", width=3)
ZEROS = Slot(Variable("high", DOMAIN), "high", width=3, zeros=True)
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEMPLATES = (
    Template(("is it from ", LOW, " to ", HIGH, " ? it's more")),
    Template((HIGH, "  or", LOW, " , \n", " café ", LOW, "'s is ")),
    Template((" ", PADDED, " ", ZEROS, "? ! may", " be \t no")),
    Template(("yes", LOW, HIGH, " no")),
    Template((LOW, " ", HIGH)),
)


def patterned(pattern: str) -> Library:
    """As Qwen's: words by a pattern, then their bytes."""
    made = byte_level()
    words = pre_tokenizers.Split(Regex(pattern), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return made


def words(before: pre_tokenizers.PreTokenizer) -> Library:
    made = Library(models.WordLevel({word: at for at, word in enumerate(["?", "is", " is", "5", " 5"])}, unk_token="?"))
    made.pre_tokenizer = before
    return made


def trimming() -> Library:
    made = byte_level(prefix=True)
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    return made


def adding(token: AddedToken) -> Library:
    made = byte_level()
    made.add_tokens([token])
    return made


def dropping() -> Library:
    made = byte_level()
    model = made.model
    assert isinstance(model, models.BPE)
    model.dropout = 0.5
    return made


CUT = {
    "byte level": byte_level(),
    "byte level with a blank before": byte_level(prefix=True),
    "byte level with trimmed spans": trimming(),
    "Qwen's": patterned(QWEN),
    "the gallery's": words(pre_tokenizers.Split(Regex(" ?[^ ]+"), "isolated")),
    "words": words(pre_tokenizers.Whitespace()),
    "added tokens": adding(AddedToken("it", normalized=False)),
    "merges that training left out at random": dropping(),
}
WHOLE = {
    "Metaspace": metaspace(),
    "unigram": unigram(),
    "WordPiece with a normaliser": word_piece(),
    "a pattern that is not known": patterned(r"\p{L}+ \p{L}+"),
    "a token with a blank": adding(AddedToken("it from", normalized=False)),
    "a token that takes blanks": adding(AddedToken("it", lstrip=True, normalized=False)),
    "no words": words(pre_tokenizers.Digits()),
}


def opened(library: Library, folder: Path) -> Tokenizer:
    library.save(str(folder / "tokenizer.json"))
    return read_tokenizer(folder)


@pytest.mark.parametrize("kind", [*CUT, "Metaspace", "unigram", "WordPiece with a normaliser", "a token with a blank"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_rows_are_those_of_the_whole_text(kind: str, template: Template, tmp_path: Path) -> None:
    tokenizer = opened({**CUT, **WHOLE}[kind], tmp_path)
    encoding = PromptEncoding((template,), (("low", DOMAIN), ("high", DOMAIN)), (), "hash", 99, tmp_path)
    codes = np.random.default_rng(0).integers(0, DOMAIN.size, (60, 2))
    rows = PromptRows(encoding, tokenizer).encode(codes)
    for row, values in zip(rows, (codes - 3).tolist(), strict=True):
        shown = dict(zip(("low", "high"), values, strict=True))
        text = "".join(p if isinstance(p, str) else p.render(shown[p.name or ""]) for p in template.parts)
        (whole,) = tokenizer.encode([text])
        assert tuple(row[1:][row[1:] >= 0]) == whole.ids
        assert row[0] == len(whole.ids)


@pytest.mark.parametrize("kind", CUT)
def test_slots_are_where_the_whole_text_has_them(kind: str, tmp_path: Path) -> None:
    template = Template(("is it from ", LOW, " to ", HIGH, " ? it's more"))
    tokenizer = opened(CUT[kind], tmp_path)
    encoding = PromptEncoding((template,), (("low", DOMAIN), ("high", DOMAIN)), ("high", "low"), "hash", 99, tmp_path)
    codes = np.random.default_rng(1).integers(0, DOMAIN.size, (40, 2))
    for row, (low, high) in zip(PromptRows(encoding, tokenizer).encode(codes), (codes - 3).tolist(), strict=True):
        text = f"is it from {low} to {high} ? it's more"
        (whole,) = tokenizer.encode([text])
        for columns, value in ((row[1:3], high), (row[3:5], low)):
            begins = text.index(f" {value} ") + 1
            span = (begins, begins + len(str(value)))
            held = [at for at, (first, last) in enumerate(whole.spans) if max(first, span[0]) < min(last, span[1])]
            assert (columns[0], columns[1]) == (held[0], held[-1] + 1)


@pytest.mark.parametrize("kind", [*CUT, *WHOLE])
def test_only_tokenizers_that_are_known_to_cut_are_cut_by(kind: str, tmp_path: Path) -> None:
    assert opened({**CUT, **WHOLE}[kind], tmp_path).cuts_before_blanks == (kind in CUT)


def test_a_slot_is_alone_where_its_values_end_with_no_blank() -> None:
    template = TEMPLATES[0]
    texts = [part for piece in cut_template(template, (True, True)) for part in piece.parts]
    assert texts == ["is it from", " ", LOW, " to", " ", HIGH, " ? it's more"]
    assert len(cut_template(template, (True, True))) == 5
    assert cut_template(TEMPLATES[4], (True, True)) == (Template((LOW,)), Template((" ", HIGH)))
    assert cut_template(TEMPLATES[4], (False, True)) == (TEMPLATES[4],)
    assert cut_template(TEMPLATES[3], (True, True)) == (Template(("yes", LOW, HIGH)), Template((" no",)))
