"""What made a result: digests of configuration, code and files, the git commit, and versions."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madx.files import file_digest

if TYPE_CHECKING:
    from madx.config import Study

PACKAGE = Path(__file__).parent
# Rules have the settings that they use among their parameters, so the code that validates settings need not count.
NOT_FOLLOWED = {"madx.config"}
VERSIONED = ("torch", "transformers", "tokenizers", "datasets", "numpy", "seqeval", "snakemake", "mlflow")


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON-able value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def code_digest(*modules: str, without: Collection[str] = ()) -> str:
    """SHA-256 of the statements of madx modules and of all madx modules that they import.

    without: modules or packages that are imported but not used here (the readers of other data sources).
    Comments, docstrings, blank lines and layout do not count, nor do imports under `if TYPE_CHECKING`. Rules carry
    this digest as a parameter, so that editing the library reruns exactly what depends on it.
    """
    trees = {name: _statements(name) for name in sorted(imported_modules(*modules, without=without))}
    return digest(trees)


def imported_modules(*modules: str, without: Collection[str] = ()) -> set[str]:
    """These madx modules, the packages they lie in, and all madx modules they import, directly or not."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or any(f"{name}.".startswith(f"{left_out}.") for left_out in without):
            continue
        found.add(name)
        parent = name.rpartition(".")[0]
        waiting += [parent] if parent else []
        waiting += _imports(name)
    return found


@cache
def _module_path(name: str) -> Path | None:
    relative = Path(*name.split(".")[1:])
    for path in (PACKAGE / relative / "__init__.py", (PACKAGE / relative).with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _parse(name: str) -> ast.Module:
    path = _module_path(name)
    if path is None:
        raise ValueError(f"there is no module {name}")
    return _WithoutTypeChecking().visit(ast.parse(path.read_text(encoding="utf-8")))


class _WithoutTypeChecking(ast.NodeTransformer):
    """Drops `if TYPE_CHECKING:` blocks and docstrings."""

    def visit_If(self, node: ast.If):
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)

    def _without_docstring(self, node):
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:]
        return node

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring


@cache
def _statements(name: str) -> str:
    return ast.dump(_parse(name))


@cache
def _imports(name: str) -> tuple[str, ...]:
    names: set[str] = set()
    for node in ast.walk(_parse(name)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            raise ValueError(f"{name}: relative imports are not followed; write the module's full name")
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return tuple(sorted(n for n in names if n.split(".")[0] == "madx" and n not in NOT_FOLLOWED and _module_path(n)))


@cache
def git_state() -> dict[str, Any]:
    """The commit and whether the working tree differs from it; nulls outside a repository."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=PACKAGE, capture_output=True, text=True, timeout=20, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    status = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def versions(packages: Iterable[str] = VERSIONED) -> dict[str, str]:
    """Versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def study_settings(study: Study) -> dict[str, Any]:
    """A study's settings as plain values, without the folder of its data: equal studies are equal on every machine."""
    return study.model_dump(mode="json", exclude={"data_root"})


def made_by(settings: dict[str, Any], code: str) -> dict[str, Any]:
    """What made a result: the configuration's and the code's digests, commit, versions."""
    return {"configuration": digest(settings), "code": code, "git": git_state(), "versions": versions()}


def score_provenance(settings: dict[str, Any], code: str, data: dict[str, Path]) -> dict[str, Any]:
    """What goes with every score: what made it, and the fingerprints of the evaluated data."""
    return {**made_by(settings, code), "data": {name: file_digest(path) for name, path in data.items()}}
