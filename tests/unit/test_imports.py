"""The core runs on a bare GPU machine: torch, transformers, numpy and safetensors are enough to import it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ("adapters", "models", "training", "evaluation")
# yaml, typer and rich come with transformers; madx.config and madx.cli, which use them, are blocked
NOT_NEEDED = ("datasets", "mlflow", "snakemake", "pandas", "seqeval", "pydantic", "matplotlib", "seaborn", "pyarrow")
NOT_NEEDED += ("jinja2", "scipy", "sklearn", "madx.config", "madx.cli")
PROGRAM = """
import importlib, sys

blocked, modules = sys.argv[1].split(","), sys.argv[2].split(",")
sys.modules.update(dict.fromkeys(blocked))  # as if they were not installed
for module in modules:
    importlib.import_module(module)
"""


def modules_of(package: str) -> list[str]:
    paths = sorted((ROOT / "madx" / package).glob("**/*.py"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


def run(modules: list[str], blocked: tuple[str, ...] = NOT_NEEDED) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(blocked), ",".join(modules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_core_imports_without_the_packages_of_the_workflow():
    modules = [module for package in CORE for module in modules_of(package)]
    assert len(modules) > 20
    assert "madx.training.loop" in modules
    done = run(modules)
    assert done.returncode == 0, done.stderr


def test_a_blocked_package_is_noticed():
    done = run(["madx.languages", "madx.config_errors"])
    assert done.returncode != 0
    assert "import of pydantic halted" in done.stderr
