"""Studies on files of a test, and tiny tokenizers of the three kinds that bases have."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from madx.config import Study, parse_study

REPOSITORY = Path(__file__).parents[3]
SHARED = REPOSITORY / ".." / "shared" / "data"
SENTENCES = [
    "The cat sat on the mat near the old harbour of Hamburg.",
    "Wizara ya afya imesema kwamba watu wengi wamepona.",
    "Kò sí ẹ̀rí pé ọ̀rọ̀ náà jẹ́ òtítọ́, ni ó wí.",
    "A dog barked at night; nobody in Kampala heard it?",
]


@pytest.fixture
def make_study(tmp_path):
    """make_study(corpora=..., ner=..., languages=..., **top-level keys) -> Study with data_root tmp_path."""
    settings = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text(encoding="utf-8"))
    table = tmp_path / "languages.tsv"
    table.write_text(
        "code\tname\tfamily\tscript\twikipedia_articles\n"
        + "".join(f"{code}\t{code}\tKin\tLatin\t\n" for code in ("aa", "bb", *SHARED_CODES)),
        encoding="utf-8",
    )

    def make(corpora=None, ner=None, languages=("aa", "bb"), **top) -> Study:
        chosen = copy.deepcopy(settings)
        chosen |= {
            "data_root": str(tmp_path),
            "languages_table": str(table),
            "languages": {"high-resource covered": list(languages)},
            "table5_source": languages[0],
            "figure6_targets": [],
        }
        chosen["corpora"] |= {"data": {"source": "local", "path": "text/{language}.txt"}} | (corpora or {})
        chosen["tasks"]["ner"] |= {"data": {"source": "local", "path": "ner/{language}/{split}.txt"}} | (ner or {})
        return parse_study(chosen | top, "test")

    return make


SHARED_CODES = ("eng", "hau", "ibo", "kin", "lug", "luo", "pcm", "swa", "yor")


def pytest_generate_tests(metafunc):
    """A test with the argument `shared_code` runs once per language of the shared real data."""
    if "shared_code" in metafunc.fixturenames:
        metafunc.parametrize("shared_code", SHARED_CODES)


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared real data are not beside this repository")
    return SHARED.resolve()


@pytest.fixture(scope="session")
def tokenizer_folders(tmp_path_factory) -> dict[str, Path]:
    """Folders of save_pretrained with a Unigram (XLM-R), a byte-level (RoBERTa) and a WordPiece (BERT) tokenizer."""
    from transformers import BertTokenizer, PreTrainedTokenizerFast, RobertaTokenizer

    special = {
        "cls_token": "<s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    }
    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.NFKC()
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.train_from_iterator(
        SENTENCES * 5,
        trainers.UnigramTrainer(
            vocab_size=200, special_tokens=[*special.values()], unk_token="<unk>", show_progress=False
        ),
    )
    unigram.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    byte_level = Tokenizer(models.BPE())
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    byte_level.train_from_iterator(
        SENTENCES * 5,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=[*special.values()],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    merges = json.loads(byte_level.to_str())["model"]
    wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer(lowercase=False)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    wordpiece.train_from_iterator(
        SENTENCES * 5,
        trainers.WordPieceTrainer(
            vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
        ),
    )
    made = {
        "unigram": PreTrainedTokenizerFast(tokenizer_object=unigram, **special),
        "byte-level": RobertaTokenizer(vocab=merges["vocab"], merges=[tuple(merge) for merge in merges["merges"]]),
        "wordpiece": BertTokenizer(vocab=wordpiece.get_vocab(), do_lower_case=False),
    }
    folders = {}
    for kind, tokenizer in made.items():
        folders[kind] = tmp_path_factory.mktemp("tokenizers") / kind
        tokenizer.save_pretrained(folders[kind])
    return folders
