"""Write the small network folders that golden specs name: a `config.json`, and a tokenizer trained on a few words.

Run it by hand, `python tests/golden/train_tokenizer.py`, and commit what it writes; weights are nowhere needed.
"""

import json
import shutil
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

FOLDER = Path(__file__).parent
WORDS = [
    "from",
    "to",
    "is",
    "it",
    "more",
    "say",
    "yes",
    "only",
    "if",
    "it",
    "costs",
    "between",
    "and",
    "dollars",
    "the",
    "in",
    "red",
    "green",
    "blue",
    "no",
    ".",
    ":",
    ",",
    "?",
]
CONFIG = {
    "model_type": "llama",
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 48,
}


def train_tokenizer() -> Tokenizer:
    """Bytes merged to the words above and to 0..99, each with a space before it; longer numbers are several tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    texts = [f" {word} {word}" for word in WORDS] * 50 + [f" {number}" for number in range(100)] * 20
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_network(folder: Path, **changes: object) -> None:
    """A folder with a configuration and the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = CONFIG | {"vocab_size": tokenizer.get_vocab_size()} | changes
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def write_all() -> None:
    """Everything that golden specs name."""
    for kind in ("good", "bad"):
        write_network(FOLDER / kind / "lm")
    bare = FOLDER / "bad" / "lm_without_tokenizer"
    write_network(bare)
    (bare / "tokenizer.json").unlink()
    unknown = FOLDER / "bad" / "lm_of_unknown_architecture"
    write_network(unknown, model_type="novel")
    own_code = FOLDER / "bad" / "lm_with_code"
    write_network(own_code, model_type="novel", auto_map={"AutoModel": "modeling.Model"})
    (own_code / "tokenizer.json").unlink()
    broken = FOLDER / "bad" / "lm_with_broken_config"
    shutil.rmtree(broken, ignore_errors=True)
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "llama", "hidden_size": 0}\n', encoding="utf-8")


if __name__ == "__main__":
    write_all()
