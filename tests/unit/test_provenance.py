"""The code digest changes with what the code does, and with nothing else; the other marks of origin."""

from pathlib import Path

import pytest

from madx import provenance
from madx.files import file_digest
from madx.provenance import code_digest, digest, git_state, imported_modules, score_provenance, versions

LEAF = '''"""A leaf."""

FACTOR = 2


def double(x):
    """Twice x."""
    # plain
    return FACTOR * x
'''
FILES = {
    "__init__.py": "",
    "leaf.py": LEAF,
    "lazy.py": "def work():\n    from madx.leaf import double\n\n    return double(1)\n",
    "typed.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from madx.leaf import double\n",
    "parts/__init__.py": "from madx.parts.inner import X\n",
    "parts/inner.py": "X = 1\n",
    "parts/other.py": "Y = 2\n",
    "user.py": "import madx.parts.other\nfrom madx import lazy\n",
    "config.py": "import madx.leaf\n",
    "configured.py": "from madx.config import something\n",
    "relative.py": "from .leaf import double\n",
}
CACHES = [getattr(provenance, name) for name in ("_module_path", "_parse", "_statements", "_imports")]


def forget():
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package that takes madx's place for the digests."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    forget()
    yield tmp_path
    forget()


def changed(package: Path, module: str, file: str, old: str, new: str) -> bool:
    """Whether an edit of a file changes the digest of a module."""
    before = code_digest(module)
    text = (package / file).read_text(encoding="utf-8")
    assert old in text
    (package / file).write_text(text.replace(old, new), encoding="utf-8")
    forget()
    return code_digest(module) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# plain", "# in other words"),
        ('"""Twice x."""', '"""Two times x."""'),
        ('"""A leaf."""', ""),
        ("FACTOR = 2\n", "FACTOR  =  2\n\n\n"),
        ("FACTOR * x", "(FACTOR *\n            x)"),
    ],
)
def test_remarks_and_layout_do_not_count(package, old, new):
    assert not changed(package, "madx.leaf", "leaf.py", old, new)


@pytest.mark.parametrize(
    ("old", "new"), [("FACTOR = 2", "FACTOR = 3"), ("def double(x)", "def double(x=0)"), ("FACTOR * x", "x * FACTOR")]
)
def test_statements_count(package, old, new):
    assert changed(package, "madx.leaf", "leaf.py", old, new)


def test_imports_are_followed_also_inside_functions(package):
    assert imported_modules("madx.lazy") == {"madx", "madx.lazy", "madx.leaf"}
    assert changed(package, "madx.lazy", "leaf.py", "FACTOR = 2", "FACTOR = 3")


def test_imports_for_types_alone_are_not_followed(package):
    assert not changed(package, "madx.typed", "leaf.py", "FACTOR = 2", "FACTOR = 3")


def test_a_package_counts_with_the_modules_inside(package):
    assert imported_modules("madx.user") == {
        *("madx", "madx.user", "madx.lazy", "madx.leaf"),
        *("madx.parts", "madx.parts.inner", "madx.parts.other"),
    }
    assert changed(package, "madx.user", "parts/inner.py", "X = 1", "X = 2")


def test_validation_of_settings_does_not_count(package):
    assert not changed(package, "madx.configured", "leaf.py", "FACTOR = 2", "FACTOR = 3")


def test_order_of_modules_does_not_count(package):
    assert code_digest("madx.leaf", "madx.lazy") == code_digest("madx.lazy", "madx.leaf")


def test_unknown_module_and_relative_import_are_errors(package):
    with pytest.raises(ValueError, match=r"no module madx\.none"):
        code_digest("madx.none")
    with pytest.raises(ValueError, match="relative imports are not followed"):
        code_digest("madx.relative")


def test_digests_of_the_real_modules_differ():
    assert code_digest("madx.training.mlm") != code_digest("madx.training.loop")
    assert "madx.training.loop" in imported_modules("madx.training.adaptation")
    assert "madx.data.text" not in imported_modules("madx.training.adaptation")


def test_digest_of_values_ignores_the_order_of_keys_only():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest([1, 2]) != digest([2, 1])
    assert digest({"a": 1}) != digest({"a": "1"})


def test_provenance_of_a_score_is_complete(tmp_path):
    (tmp_path / "xx.npz").write_bytes(b"windows")
    record = score_provenance({"study": "x"}, "code", {"xx": tmp_path / "xx.npz"})
    assert record.keys() == {"configuration", "code", "git", "versions", "data"}
    assert record["data"] == {"xx": file_digest(tmp_path / "xx.npz")}
    assert record["git"] == git_state()
    assert {"python", "torch", "transformers"} <= record["versions"].keys()


def test_versions_leave_out_what_is_not_installed():
    assert versions(["no-such-package"]).keys() == {"python"}
