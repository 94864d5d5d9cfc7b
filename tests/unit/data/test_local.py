"""Local files are looked for before anything runs."""

import pytest

from madx.config import ConfigError
from madx.data.local import check_local_files, local_files


def test_files_of_every_language_and_split(make_study, tmp_path):
    files = [path.relative_to(tmp_path).as_posix() for path in local_files(make_study())]
    assert files == [
        path
        for code in ("aa", "bb")
        for path in (f"text/{code}.txt", *(f"ner/{code}/{split}.txt" for split in ("train", "dev", "test")))
    ]


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
    miniature = {"data": {"source": "miniature"}}
    sizes = {"seed": 1, "sentences": 9, "ner_train": 7, "ner_dev": 4, "ner_test": 5}
    check_local_files(make_study(corpora=miniature, ner=miniature, miniature=sizes))
