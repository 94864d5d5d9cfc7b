"""Labelled data of every source, with one label set."""

import json

import datasets
import pyarrow.parquet
import pytest

from madx.data.conll import read_conll
from madx.data.errors import DataError
from madx.data.labelled import SOURCE_KEY, prepare_labelled, read_labelled
from madx.data.ner import rows

DATES = {"map_tags": {"DATE": "O"}}
SPLITS = ("train", "dev", "test")


def read_ner(study, code, split):
    """Tokens and tags of each sentence."""
    return [(row["tokens"], row["tags"]) for row in rows(read_labelled(study, "ner", code, split), study.tasks["ner"])]


@pytest.fixture
def write(tmp_path):
    (tmp_path / "ner" / "aa").mkdir(parents=True)

    def write(content, split="train"):
        path = tmp_path / "ner" / "aa" / f"{split}.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_columns_blank_lines_and_document_starts(make_study, write):
    write(
        "\ufeff-DOCSTART- O\r\n\r\nAda\tB-PER\r\nlives O\r\n \t\r\n\r\nin  O\r\n"
        "-DOCSTART-\tO\nthe\u00a0Hague   I-LOC\n\u0301 O"
    )
    assert read_ner(make_study(), "aa", "train") == [
        (["Ada", "lives"], ["B-PER", "O"]),
        (["in"], ["O"]),
        (["the\u00a0Hague", "\u0301"], ["I-LOC", "O"]),
    ]


def test_prefix_is_removed_only_where_every_token_has_it(write):
    def tokens(content):
        return [word.token for sentence in read_conll(write(content), "aa") for word in sentence]

    assert tokens("aa:Ada O\naa:: O\n\naa:aa: O\n") == ["Ada", ":", "aa:"]
    assert tokens("aa:Ada O\nbb O\n") == ["aa:Ada", "bb"]
    assert tokens("en:Ada O\nen:b O\n") == ["Ada", "b"]
    assert tokens("zh-yue:Ada O\n\nzh-yue:b O\n") == ["Ada", "b"]
    assert tokens("en:Ada O\nsw:b O\n") == ["en:Ada", "sw:b"]
    assert tokens("1: O\n1:2 O\n") == ["1:", "1:2"]


def test_types_are_mapped(make_study, write):
    write("1 B-DATE\nMay I-DATE\nUN B-GPE\n")
    study = make_study(ner={"map_tags": {"DATE": "O", "GPE": "LOC"}})
    assert read_ner(study, "aa", "train") == [(["1", "May", "UN"], ["O", "O", "B-LOC"])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a O\nb B-DATE\n",
            r"train\.txt:2: the type of tag 'B-DATE' is not among the labels .* \(for example DATE: O\)",
        ),
        ("a O\n\nb X-PER\n", r"train\.txt:3: 'X-PER' is no IOB tag"),
        ("a O\nb PER\n", r"train\.txt:2: 'PER' is no IOB tag"),
        ("a O\nb B-\n", r"train\.txt:2: 'B-' is no IOB tag"),
        ("a O\nb\nc O\n", r"train\.txt:2: 1 column, expected two"),
        ("a O\n O\n", r"train\.txt:2: 1 column, expected two"),
        ("a NN I-NP O\n", r"train\.txt:1: 4 columns, expected two"),
        ("", r"train\.txt:1: no sentences"),
        ("\n \n-DOCSTART- O\n", r"train\.txt:1: no sentences"),
        (b"a O\n\nM\xfcnchen B-LOC\n", r"train\.txt:3: not UTF-8 \(byte 6 "),
    ],
)
def test_bad_input_names_file_and_line(make_study, write, content, message):
    write(content)
    with pytest.raises(DataError, match=message) as caught:
        read_ner(make_study(), "aa", "train")
    assert "\n" not in str(caught.value)


def test_parquet_files_hold_the_sentences(make_study, write, tmp_path):
    for split in ("train", "dev", "test"):
        write(f"{split} B-PER\nx O\n\ny I-ORG\n", split)
    prepare_labelled(make_study(), "ner", "aa", SPLITS, tmp_path / "out")
    for split in ("train", "dev", "test"):
        table = pyarrow.parquet.read_table(tmp_path / "out" / f"{split}.parquet")
        source = {"source": "local", "path": str(tmp_path / "ner/{language}/{split}.txt")}
        assert json.loads(table.schema.metadata[SOURCE_KEY.encode()]) == source
        assert table.to_pydict() == {"tokens": [[split, "x"], ["y"]], "tags": [["B-PER", "O"], ["I-ORG"]]}
    stored = datasets.Dataset.from_parquet(str(tmp_path / "out" / "dev.parquet"), cache_dir=str(tmp_path / "cache"))
    assert stored.column_names == ["tokens", "tags"]


def test_a_bad_split_leaves_nothing_written(make_study, write, tmp_path):
    write("a O\n")
    write("a O\n", "dev")
    write("a\n", "test")
    with pytest.raises(DataError, match=r"test\.txt:1"):
        prepare_labelled(make_study(), "ner", "aa", SPLITS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_miniature_has_the_configured_sizes(make_study):
    study = make_study(
        ner={"data": {"source": "miniature", "train": {"high-resource covered": 7}, "dev": 4, "test": 5}},
        miniature={"seed": 1},
    )
    assert [len(read_ner(study, "aa", split)) for split in ("train", "dev", "test")] == [7, 4, 5]


# ---------------------------------------------------------------- hub layout

WIKIANN = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]


def hub(folder):
    return {
        "data": {"source": "hub", "id": str(folder), "configuration": "{language}", "revision": None},
        "map_tags": {"MISC": "O"},
    }


@pytest.fixture
def wikiann(tmp_path):
    """wikiann(names, rows) makes a folder in the layout of unimelb-nlp/wikiann: <code>/<split>-*.parquet."""

    def make(names=WIKIANN, rows=((["Ada", "", "Kampala"], [1, 0, 5]), ([], []), (["x"], [4]))):
        tags = datasets.Value("string") if names is None else datasets.ClassLabel(names=names)
        features = datasets.Features(
            {
                "tokens": datasets.List(datasets.Value("string")),
                "ner_tags": datasets.List(tags),
                "langs": datasets.List(datasets.Value("string")),
                "spans": datasets.List(datasets.Value("string")),
            }
        )
        columns = {
            "tokens": [tokens for tokens, _ in rows],
            "ner_tags": [tags for _, tags in rows],
            "langs": [["aa"] * len(tokens) for tokens, _ in rows],
            "spans": [[] for _ in rows],
        }
        folder = tmp_path / "wikiann"
        (folder / "aa").mkdir(parents=True)
        for split in ("train", "validation", "test"):
            path = folder / "aa" / f"{split}-00000-of-00001.parquet"
            datasets.Dataset.from_dict(columns, features=features).to_parquet(path)
        splits = "".join(f"  - split: {s}\n    path: aa/{s}-*\n" for s in ("train", "validation", "test"))
        (folder / "README.md").write_text(
            f"---\nconfigs:\n- config_name: aa\n  data_files:\n{splits}---\n# WikiANN\n", encoding="utf-8"
        )
        return folder

    return make


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_wikiann_layout(make_study, wikiann, split):
    assert read_ner(make_study(ner=hub(wikiann())), "aa", split) == [
        (["Ada", "", "Kampala"], ["B-PER", "O", "B-LOC"]),
        (["x"], ["I-ORG"]),
    ]


def test_string_tags_of_a_hub_data_set(make_study, wikiann):
    study = make_study(ner=hub(wikiann(None, [(["Ada", "x"], ["B-PER", "I-MISC"])])))
    assert read_ner(study, "aa", "dev") == [(["Ada", "x"], ["B-PER", "O"])]


def test_hub_tag_outside_the_labels_names_split_and_row(make_study, wikiann):
    study = make_study(ner=hub(wikiann(["O", "B-ART"], [(["a"], [0]), (["b"], [1])])))
    with pytest.raises(DataError, match=r"wikiann \(aa, validation\): row 2: the type of tag 'B-ART'"):
        read_ner(study, "aa", "dev")


@pytest.mark.parametrize("label", [-1, 7])
def test_hub_class_label_without_a_name_names_split_and_row(make_study, wikiann, label):
    """-1 stands for hidden labels in some data sets; it is not the last name."""
    folder = wikiann(rows=[(["a"], [0]), (["b", "c"], [0, 0])])
    path = folder / "aa" / "validation-00000-of-00001.parquet"
    table = pyarrow.parquet.read_table(path)
    tags = pyarrow.array([[0], [0, label]], table.schema.field("ner_tags").type)
    position = table.schema.get_field_index("ner_tags")
    pyarrow.parquet.write_table(table.set_column(position, table.schema.field("ner_tags"), tags), path)
    with pytest.raises(DataError, match=rf"wikiann \(aa, validation\): row 2: .* {label}\b.* 0 to 6"):
        read_ner(make_study(ner=hub(folder)), "aa", "dev")


def test_hub_language_without_configuration_is_named(make_study, wikiann):
    with pytest.raises(DataError, match="'bb', split 'train' cannot be read from this folder"):
        read_ner(make_study(ner=hub(wikiann())), "bb", "train")


@pytest.mark.shared
def test_real_labelled_data_is_read_completely(make_study, shared_data, shared_code):
    study = make_study(languages=(shared_code,), ner=DATES, data_root=str(shared_data), miniature=None)
    for split in ("train", "dev", "test"):
        lines = (shared_data / "ner" / shared_code / f"{split}.txt").read_text(encoding="utf-8-sig").split("\n")
        sentences = read_ner(study, shared_code, split)
        assert sum(len(tokens) for tokens, _ in sentences) == sum(bool(line.strip()) for line in lines)
        known = {"O"} | {f"{position}-{kind}" for position in "BI" for kind in ("PER", "ORG", "LOC")}
        assert {tag for _, tags in sentences for tag in tags} <= known
