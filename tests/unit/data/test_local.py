"""Local files are looked for before anything runs."""

import pytest

from madx.config import ConfigError
from madx.data.local import check_local_files, local_files


def test_files_of_every_language_and_split(make_study, tmp_path):
    files = [path.relative_to(tmp_path).as_posix() for path in local_files(make_study())]
    labelled = [f"ner/{code}/{split}.txt" for code in ("aa", "bb") for split in ("train", "dev", "test")]
    assert files == ["text/aa.txt", "text/bb.txt", *labelled]


def test_files_of_a_language_that_is_only_a_target(make_study):
    study = make_study(ner={"sources": ["aa"]})
    names = [path.as_posix() for path in local_files(study) if "bb" in path.as_posix()]
    assert sorted(name.rpartition("/")[2] for name in names) == ["bb.txt", "dev.txt", "test.txt"]


def test_missing_file_is_one_line_with_the_setting(make_study, tmp_path):
    study = make_study()
    with pytest.raises(ConfigError) as caught:
        check_local_files(study)
    assert str(caught.value) == (
        f"{tmp_path}/text/aa.txt: the file does not exist (and 7 more); data_root is {str(tmp_path)!r}: set it in the "
        "study's file, or with --config data_root=FOLDER (make study DATA_ROOT=FOLDER)"
    )
    for path in local_files(study):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    check_local_files(study)


def test_other_sources_need_no_files(make_study):
    text = {"data": {"source": "miniature", "sentences": 9}}
    labelled = {"data": {"source": "miniature", "train": 7, "dev": 4, "test": 5}}
    check_local_files(make_study(corpora=text, ner=labelled, miniature={"seed": 1}))
