"""Prompts by tokenizers of every kind: positions and answers are right, or the spec is refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cspec.compiler.network_facts import Tokenizer
from cspec.compiler.pipeline import check_spec
from cspec.compiler.prompts import lay_out, resolve_in_prompt
from cspec.compiler.prompts.check_answers import say_after
from cspec.lang import Source, SpecError, read_program
from cspec.lang.places import Position
from tokenizers import Tokenizer as Library
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

WORDS = ("is", "more", "yes", "no", "?", "=", "café", "cafe", "May", "may")
TEXTS = [f" {word} {word}" for word in WORDS] * 50
TEXTS += [f" {number}" for number in range(100)] * 20
SPECIAL = ["<unk>", "<s>", "</s>"]


def byte_level(prefix: bool = False) -> Library:
    made = Library(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    made.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    )
    return made


def metaspace(scheme: str = "always") -> Library:
    """As Llama's and Gemma's: words begin with a mark, a token begins every input, bytes stand for what is unknown."""
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)]
    made = Library(models.BPE(unk_token="<unk>", byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    made.decoder = decoders.Metaspace()
    made.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=700, special_tokens=[*SPECIAL, *alphabet]))
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return made


def unigram() -> Library:
    made = Library(models.Unigram())
    made.normalizer, made.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=SPECIAL, unk_token="<unk>")
    made.train_from_iterator(TEXTS, trainer)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return made


def word_piece() -> Library:
    """As BERT's: lower case without accents, tokens around every input."""
    made = Library(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special))
    around = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.post_processor = around
    return made


def words() -> Library:
    made = Library(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.train_from_iterator(TEXTS, trainers.WordLevelTrainer(special_tokens=SPECIAL))
    return made


KINDS: dict[str, Callable[[], Library]] = {
    "byte level": byte_level,
    "byte level, a space put first": lambda: byte_level(prefix=True),
    "metaspace": metaspace,
    "metaspace, on the first word alone": lambda: metaspace("first"),
    "unigram": unigram,
    "word piece": word_piece,
    "words": words,
}
ENDED = ("unigram", "word piece")
"""Those that end every input with a token of their own."""
SPEC = """
task below {
  input lo, hi: 0..99
  output ok: bool
  prompt "{lo} is more {hi} ? yes"
  answer ok: { true: " yes", false: " no" } among answers
}
model ordered for below { less: bool = lo < hi  ok = less }
network lm = transformers("lm") ungated
align given: ordered -> lm { less at resid_post[0] @ {hi} via identity }
claim carried: iia(given) >= 0.9
"""


GPT2: dict[str, object] = {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 2}
BERT: dict[str, object] = {
    "model_type": "bert",
    "hidden_size": 8,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 16,
}


def codes(
    folder: Path,
    library: Library,
    text: str = SPEC,
    vocabulary: int = 1_000,
    context: int = 64,
    config: dict[str, object] = GPT2,
) -> list[str]:
    """The codes of a spec's diagnostics that the tokenizer decides; others on these small domains ask for pairs."""
    (folder / "lm").mkdir(exist_ok=True)
    library.save(str(folder / "lm" / "tokenizer.json"))
    sizes = {"vocab_size": vocabulary, "n_positions": context, "max_position_embeddings": context}
    (folder / "lm" / "config.json").write_text(json.dumps(config | sizes))
    try:
        found = check_spec(Source(folder / "spec.cspec", text)).warnings
    except SpecError as error:
        found = error.diagnostics
    return [d.code for d in found if d.code.startswith("CS5")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_slot_is_where_its_digits_are_whatever_the_tokenizer(kind: str, tmp_path: Path) -> None:
    """Each token's own text, joined over a slot, is the value: read from the vocabulary, not from offsets."""
    library = KINDS[kind]()
    assert codes(tmp_path, library) == (["CS545"] if kind in ENDED else [])
    program, _ = read_program(Source(Path("spec.cspec"), SPEC))
    assert program is not None
    task, tokenizer = program.tasks["below"], Tokenizer(library)
    layout = lay_out(task, tokenizer)
    assert layout is not None
    for prompt in layout.prompts:
        for slot in ("lo", "hi"):
            held = resolve_in_prompt(Position(slot, part="all"), prompt, layout)
            shown = "".join(tokenizer.show(prompt.encoded.ids[position]) for position in held)
            assert "".join(c for c in shown if c.isdigit()) == str(prompt.inputs[slot]), (prompt.text, slot)


@pytest.mark.parametrize("kind", ENDED)
def test_a_token_at_every_end_is_no_place_to_answer_after_unless_it_is_read_both_ways(
    kind: str, tmp_path: Path
) -> None:
    assert codes(tmp_path, KINDS[kind](), config=BERT) == []
    there = SPEC.replace("answer ok:", "answer ok @ {hi}:")
    assert "CS545" not in codes(tmp_path, KINDS[kind](), there)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_the_token_that_the_text_has_after_the_prompt(kind: str) -> None:
    """What comes after the prompt where it is written out: its last tokens, but for those that end every input."""
    tokenizer = Tokenizer(KINDS[kind]())
    for text in (" yes", " no"):
        (said,) = say_after("is 1 more 2 ?", [(0, text)], tokenizer)
        (whole,) = tokenizer.encode(["is 1 more 2 ?" + text])
        own = [i for i, (start, end) in zip(whole.ids, whole.spans, strict=True) if start < end]
        assert said.ids is not None
        assert list(said.ids) == own[-len(said.ids) :]
        assert tokenizer.show(said.ids[-1]).endswith(text.strip()[-1])


def test_a_token_that_the_network_lacks_is_refused_before_it_is_fed(tmp_path: Path) -> None:
    library = byte_level()
    size = library.get_vocab_size()
    assert codes(tmp_path, library, vocabulary=size) == []
    assert codes(tmp_path, library, vocabulary=size // 2) == ["CS533"]
    said = SPEC.replace("? yes", "?")  # `Ġyes` is an answer alone
    assert codes(tmp_path, library, said, vocabulary=library.token_to_id("Ġyes")) == ["CS533"]


def values(*names: str) -> str:
    return SPEC.replace("input lo, hi: 0..99", f"input lo, hi: {{{', '.join(names)}}}").replace("lo < hi", "lo == hi")


@pytest.mark.parametrize(("kind", "known"), [("word piece", False), ("words", False), ("metaspace", True)])
def test_a_word_that_the_tokenizer_does_not_know_is_refused(kind: str, known: bool, tmp_path: Path) -> None:
    library, config = KINDS[kind](), BERT if kind in ENDED else GPT2
    expected = [] if known else ["CS546"]
    assert codes(tmp_path, library, SPEC.replace('" no"', '" zebra"'), config=config) == expected
    many = SPEC.replace("input lo, hi: 0..99", "input lo: 0..99\n  input hi: 0..999")
    assert codes(tmp_path, library, many, config=config) == (["CS546"] if kind == "words" else [])  # 100 is no word


def test_a_word_of_the_prompt_itself_that_the_tokenizer_does_not_know_is_a_warning(tmp_path: Path) -> None:
    told = SPEC.replace("is more", "is surely more")
    assert told != SPEC
    assert codes(tmp_path, KINDS["words"](), SPEC) == []
    assert codes(tmp_path, KINDS["words"](), told) == ["CS550"]
    assert codes(tmp_path, KINDS["metaspace"](), told) == []


@pytest.mark.parametrize(("position", "low", "warned"), [("3", 10, False), ("3", 95, True), ("-5", 95, False)])
def test_an_answer_that_is_read_beside_the_masked_token_is_a_warning(
    position: str, low: int, warned: bool, tmp_path: Path
) -> None:
    """`[CLS] lo is [MASK] more hi ? [SEP]`: a number of three digits is several tokens."""
    masked = SPEC.replace("{lo} is more {hi} ? yes", "{lo} is [MASK] more {hi} ?").replace(
        "answer ok", f"answer ok @ {position}"
    )
    told = masked.replace("input lo, hi: 0..99", f"input lo: {low}..{low + 9}\n  input hi: 10..99")
    assert codes(tmp_path, word_piece(), told, config=BERT) == (["CS551"] if warned else [])


def test_a_word_that_a_unigram_tokenizer_does_not_know_is_refused(tmp_path: Path) -> None:
    assert codes(tmp_path, unigram(), SPEC.replace('" no"', '" 東"'), config=BERT) == ["CS546"]


def test_values_that_become_the_same_tokens_are_refused(tmp_path: Path) -> None:
    spec = values("may", "May", "yes", "no", "more")
    spec = spec.replace("align given", "pairs main for below { size 2_000 }\nalign given")
    assert "CS547" in codes(tmp_path, word_piece(), spec)
    assert "CS547" not in codes(tmp_path, byte_level(), spec)


def test_an_answer_of_several_tokens_needs_room_after_the_prompt(tmp_path: Path) -> None:
    spec = SPEC.replace('" yes",', '" yes 10 11 12",')
    library = byte_level()
    (longest,) = Tokenizer(library).encode(["10 is more 10 ? yes"])
    assert codes(tmp_path, library, spec, context=len(longest.ids) + 3) == []
    assert codes(tmp_path, library, spec, context=len(longest.ids) + 2) == ["CS536"]
    assert codes(tmp_path, library, spec, context=len(longest.ids) - 1) == ["CS536"]


def test_an_answer_that_some_prompts_end_would_join_is_refused(tmp_path: Path) -> None:
    """After 10 .. 99 a zero is a token of its own; after 1 .. 9 it makes another number. These prompts come last."""
    spec = SPEC.replace('"{lo} is more {hi} ? yes"', '"is {lo} more {(hi + 10) % 100 as shown}"')
    spec = spec.replace("@ {hi}", "@ {shown}").replace('" yes"', '"0"').replace('" no"', '"5"')
    assert codes(tmp_path, byte_level(), spec) == ["CS518"]


@pytest.mark.parametrize("kind", ["words", "word piece"])
@pytest.mark.parametrize(("unknown", "spec"), [("zebra", ("more", "zebra")), ("qux", (" no", " qux")), ("7", ("", ""))])
def test_a_tokenizer_without_a_token_for_the_unknown_says_what_it_does_not_know(
    kind: str, unknown: str, spec: tuple[str, str], tmp_path: Path
) -> None:
    """The library refuses the whole text then, and says not which; here it is a prompt's word, an answer, a slot."""
    numbers = (str(number) for number in range(100) if unknown not in str(number))
    known = ("is", "more", "yes", "no", "?", *numbers)
    listed = {word: at for at, word in enumerate(known)}
    of_words, of_pieces = models.WordLevel(listed, unk_token="<unk>"), models.WordPiece(vocab=listed)
    library = Library(of_words if kind == "words" else of_pieces)
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    assert codes(tmp_path, library, SPEC.replace(*spec)) == ["CS546"]
    with pytest.raises(SpecError, match=f"does not know `{unknown}`, and has no token"):
        check_spec(Source(tmp_path / "spec.cspec", SPEC.replace(*spec)))
