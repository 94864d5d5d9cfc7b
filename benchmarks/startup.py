"""How long each kind of job takes to begin: a fresh Python with what its script imports, before it does any work.

python -m benchmarks.startup [RUNS]
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

SCRIPTS = Path("workflow/scripts")
HEAVY = ("torch", "transformers", "datasets", "mlflow", "pandas", "pyarrow", "matplotlib")
REPORT = f"import sys, time; print(time.time(), *(name for name in {HEAVY} if name in sys.modules))"


def main(runs: int = 5) -> None:
    """A Markdown table, the slowest first; medians, the jobs in turn."""
    programs = {path.stem: _imports(path) for path in sorted(SCRIPTS.glob("*.py"))}
    measured = {name: [] for name in programs}
    for _ in range(runs + 1):  # the first one warms the file cache
        for name, program in programs.items():
            started = time.time()
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            ended, *heavy = done.stdout.split()
            measured[name].append((float(ended) - started, heavy))
    rows = {name: (median(seconds for seconds, _ in found[1:]), found[0][1]) for name, found in measured.items()}
    print("| job | seconds until its work begins | large libraries |\n| --- | --- | --- |")
    for name, (seconds, heavy) in sorted(rows.items(), key=lambda row: -row[1][0]):
        print(f"| {name} | {seconds:.2f} | {', '.join(heavy) or '–'} |")


def _imports(path: Path) -> str:
    """The import statements of a script and of what Snakemake puts before it, then the report."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(["import snakemake.script", *statements, REPORT])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
