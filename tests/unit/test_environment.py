"""pyproject.toml, constraints.txt, environment.yml and the imports agree; Makefile and profiles work."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# what torch's builds for GPUs bring depends on the machine
OF_GPU_BUILDS = re.compile("nvidia-|triton|cuda-")
# packages that are needed without an import of ours
NOT_IMPORTED = {"tabulate": "pandas writes Markdown tables with it"}


def dependencies() -> list[Requirement]:
    return [Requirement(text) for text in PROJECT["dependencies"]]


def with_extras() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return dependencies() + [Requirement(text) for texts in extras for text in texts]


def pins(lines: list[str]) -> dict[str, str]:
    """Versions by canonical name from lines `name==version`."""
    found = {}
    for line in lines:
        name, exact, version = line.partition("==")
        assert exact and version, f"not an exact version: {line!r}"
        assert canonicalize_name(name) not in found, f"{name} is there twice"
        found[canonicalize_name(name)] = version
    return found


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def conda_environment() -> list:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


# ---------------------------------------------------------------- versions


def test_conda_environment_has_exactly_the_versions_of_constraints():
    (of_pip,) = [entry["pip"] for entry in conda_environment() if isinstance(entry, dict)]
    assert pins(of_pip) == constraints()


def test_conda_environment_has_a_python_that_the_project_allows():
    (python,) = [entry for entry in conda_environment() if str(entry).startswith("python=")]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python.partition("=")[2])


@pytest.mark.parametrize("requirement", with_extras(), ids=lambda requirement: requirement.name)
def test_tested_version_is_one_that_pyproject_allows(requirement):
    assert constraints()[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the versions were tested together on Python 3.11")
def test_constraints_are_the_complete_environment_and_nothing_else():
    """All that the dependencies bring, by the metadata of what is installed, is pinned at the installed version."""
    installed, waiting, seen = {}, with_extras(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen or OF_GPU_BUILDS.match(name):
            continue
        seen.add((name, frozenset(requirement.extras)))
        distribution = importlib.metadata.distribution(requirement.name)
        installed[name] = distribution.version.partition("+")[0]
        for needed in map(Requirement, distribution.requires or ()):
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    assert installed == constraints(), "renew constraints.txt and environment.yml: CONTRIBUTING.md"


# ---------------------------------------------------------------- imports


def imports(files: Iterable[Path]) -> set[str]:
    """Packages outside the standard library and this project that files import."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            found |= {name.partition(".")[0] for name in names}
    return found - set(sys.stdlib_module_names) - {"madx", "tests"}


def distributions(modules: set[str]) -> set[str]:
    """Canonical names of the distributions that modules come from."""
    providers = importlib.metadata.packages_distributions()
    return {canonicalize_name(name) for module in modules for name in providers.get(module, [module])}


def library_imports() -> set[str]:
    files = [*(ROOT / "madx").rglob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")]
    # parts of MLflow, and the interfaces that Snakemake brings for its plugins
    parts = ("mlflow-", "snakemake-interface-")
    return {name for name in distributions(imports(files)) if not name.startswith(parts)}


def test_every_import_is_a_declared_dependency():
    assert library_imports() <= {canonicalize_name(requirement.name) for requirement in dependencies()}


def test_every_declared_dependency_is_used():
    declared = {canonicalize_name(requirement.name) for requirement in dependencies()}
    assert declared - library_imports() == NOT_IMPORTED.keys()


# ---------------------------------------------------------------- package, Makefile, profiles


def test_citation_names_the_version_and_the_licence_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])


def test_make_lists_every_target_with_a_description():
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line.split()[0] for line in listed.partition("\n\n")[0].splitlines()] == phony.split()


def test_make_refuses_a_python_without_venv(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(
        ["make", "setup", "PYTHON=no-such-python"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "Python 3.11 or newer with its venv module is needed" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("profile", ["slurm", "workflow/profiles/slurm", "workflow/profiles/local"])
def test_profiles_are_understood_by_snakemake(tmp_path, profile):
    shutil.copytree(ROOT / "workflow" / "profiles", tmp_path / "workflow" / "profiles")
    (tmp_path / "slurm").symlink_to((ROOT / "slurm").readlink())
    (tmp_path / "Snakefile").write_text("rule all:\n    output: 'x'\n    shell: 'touch x'\n")
    command = [sys.executable, "-m", "snakemake", "--profile", profile, "--cores", "1", "--dry-run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
