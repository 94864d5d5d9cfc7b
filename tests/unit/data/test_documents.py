"""Documents from local files, the miniature and hub layouts."""

import datasets
import pytest

from madx.data.documents import clean, read_documents
from madx.data.errors import DataError
from madx.data.local import local_files
from madx.data.sources import describe_source


def write(tmp_path, content: bytes, code="aa"):
    (tmp_path / "text").mkdir(exist_ok=True)
    (tmp_path / "text" / f"{code}.txt").write_bytes(content)


def test_local_text_is_cleaned(make_study, tmp_path):
    write(tmp_path, "\ufeffOne  \t two\u00a0three\r\n\r\n \t\r\nfo\x00ur\x07\rfive\ufeff\n\x00\n".encode())
    assert list(read_documents(make_study(), "aa")) == ["One two three", "four", "five"]


@pytest.mark.parametrize("text", ["e\u0323\u0300ri\u0301", "\u1eb9\u0300r\u00ed", "\u0645\u06cc\u200c\u062e\u0648"])
def test_letters_stay_as_people_wrote_them(text):
    assert clean(f"  {text} ") == text


@pytest.mark.parametrize("content", [b"", b"\n \r\n\x00\n", "\ufeff".encode()])
def test_empty_text_is_an_error(make_study, tmp_path, content):
    write(tmp_path, content)
    with pytest.raises(DataError, match=r"aa\.txt:1: no text"):
        list(read_documents(make_study(), "aa"))


def test_missing_text_is_named(make_study):
    with pytest.raises(DataError, match=r"text/aa\.txt: the file does not exist"):
        list(read_documents(make_study(), "aa"))


def test_premises_and_options_are_text(make_study, tmp_path):
    (tmp_path / "ccr").mkdir()
    row = '{"premise": "One\\u0000  two.", "choice1": "Three.", "choice2": "One two.", "question": "cause"}\n'
    (tmp_path / "ccr" / "aa.jsonl").write_text(row * 2, encoding="utf-8")
    study = make_study(corpora={"data": {"source": "local", "path": "ccr/{language}.jsonl"}})
    assert list(read_documents(study, "aa")) == ["One two.", "Three.", "One two."]


def test_examples_that_cannot_be_read_as_text_are_named(make_study, tmp_path):
    (tmp_path / "aa.jsonl").write_text('{"text": "One"}\n', encoding="utf-8")
    study = make_study(corpora={"data": {"source": "local", "path": "{language}.jsonl"}})
    with pytest.raises(DataError, match=r"aa\.jsonl:1: its fields are 'text'; expected premise"):
        list(read_documents(study, "aa"))


def test_miniature_text(make_study):
    study = make_study(
        corpora={"data": {"source": "miniature", "sentences": 30}},
        miniature={"seed": 1},
    )
    documents = list(read_documents(study, "aa"))
    assert documents and documents == list(read_documents(study, "aa"))
    assert describe_source(study, study.corpora.data, "aa") == {"source": "miniature", "seed": 1}


@pytest.fixture
def wikipedia(tmp_path):
    """A folder in the layout of wikimedia/wikipedia: a configuration 20231101.xx per language, Parquet shards."""
    folder = tmp_path / "wikipedia"
    for code, articles in {"aa": ["Title\n\nFirst paragraph.\nSecond  one.", "Other"], "bb": ["Beta"]}.items():
        (folder / f"20231101.{code}").mkdir(parents=True)
        rows = {
            "id": [str(i) for i in range(len(articles))],
            "url": ["https://example.org"] * len(articles),
            "title": ["Title"] * len(articles),
            "text": articles,
        }
        datasets.Dataset.from_dict(rows).to_parquet(folder / f"20231101.{code}" / "train-00000-of-00001.parquet")
    configurations = "".join(
        f"- config_name: 20231101.{code}\n  data_files:\n  - split: train\n    path: 20231101.{code}/train-*\n"
        for code in ("aa", "bb")
    )
    (folder / "README.md").write_text(f"---\nconfigs:\n{configurations}---\n# Wikipedia\n", encoding="utf-8")
    return folder


def hub(folder, configuration="20231101.{language}"):
    return {"data": {"source": "hub", "id": str(folder), "configuration": configuration, "revision": None}}


def test_wikipedia_layout_gives_a_document_a_paragraph(make_study, wikipedia):
    study = make_study(corpora=hub(wikipedia))
    assert list(read_documents(study, "aa")) == ["Title", "First paragraph.", "Second one.", "Other"]
    assert list(read_documents(study, "bb")) == ["Beta"]
    assert describe_source(study, study.corpora.data, "aa") == {
        "source": "hub",
        "id": str(wikipedia),
        "configuration": "20231101.aa",
        "revision": None,
    }


def test_unknown_configuration_of_a_folder_is_named(make_study, wikipedia):
    study = make_study(corpora=hub(wikipedia, "20990101.{language}"))
    with pytest.raises(DataError, match=r"'20990101\.aa', split 'train' cannot be read from this folder"):
        list(read_documents(study, "aa"))


def test_data_set_without_text_column_is_named(make_study, tmp_path):
    (tmp_path / "columns").mkdir()
    datasets.Dataset.from_dict({"body": ["x"]}).to_parquet(tmp_path / "columns" / "train.parquet")
    with pytest.raises(DataError, match="has the columns body; expected text"):
        list(read_documents(make_study(corpora=hub(tmp_path / "columns", "default"), languages=("aa",)), "aa"))


def test_a_language_s_text_may_come_from_elsewhere(make_study, tmp_path, wikipedia):
    (tmp_path / "own.txt").write_text("of my own\n", encoding="utf-8")
    elsewhere = {"bb": {"source": "local", "path": "own.txt"}}
    study = make_study(corpora=hub(wikipedia) | {"data_of": elsewhere})
    assert list(read_documents(study, "bb")) == ["of my own"]
    assert tmp_path / "own.txt" in local_files(study)
    assert list(read_documents(study, "aa"))[:2] == ["Title", "First paragraph."]
