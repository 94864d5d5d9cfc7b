"""A file or folder exists completely or not at all."""

import pytest

from madx.files import atomic_path, read_json, write_json


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_file_takes_its_place_at_the_end_only(tmp_path):
    with atomic_path(tmp_path / "deep/file.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "deep/file.txt").exists()
    assert (tmp_path / "deep/file.txt").read_text() == "new"
    assert names(tmp_path / "deep") == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    (tmp_path / "file.txt").write_text("old")
    with pytest.raises(error), atomic_path(tmp_path / "file.txt") as temporary:
        temporary.write_text("half")
        raise error
    assert (tmp_path / "file.txt").read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/old.txt").write_text("old")
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        (temporary / "new.txt").write_text("new")
        assert names(folder) == ["inner"]
    assert names(folder) == ["new.txt"]
    assert names(tmp_path) == ["folder"]


def test_an_error_leaves_the_old_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/old.txt").touch()
    with pytest.raises(ValueError, match="stop"), atomic_path(tmp_path / "folder") as temporary:
        (temporary / "inner").mkdir(parents=True)
        raise ValueError("stop")
    assert names(tmp_path) == ["folder"]
    assert names(tmp_path / "folder") == ["old.txt"]


def test_json_comes_back(tmp_path):
    value = {"b": [1, 2.5, None], "a": "ẹ̀rí"}
    write_json(tmp_path / "value.json", value)
    assert read_json(tmp_path / "value.json") == value
    assert "ẹ̀rí" in (tmp_path / "value.json").read_text(encoding="utf-8")


def test_value_that_is_no_json_writes_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_json(tmp_path / "value.json", {"x": object()})
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"), [(b'{\n "a": ,\n}', "value.json:2: not valid JSON"), (b'"\xff"', "value.json: not UTF-8")]
)
def test_malformed_json_names_file_and_line(tmp_path, content, message):
    (tmp_path / "value.json").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_json(tmp_path / "value.json")
