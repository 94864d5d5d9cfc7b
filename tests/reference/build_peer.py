"""Build the environment of the peer library in .venv-peer, once, and print the path of its Python.

The peer pins an older transformers than ours, so it cannot live beside the study:

    python tests/reference/build_peer.py

TORCH_INDEX names an index of PyTorch's builds, as in the Makefile.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).with_name("constraints-peer.txt")
ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv-peer"


def build_peer(environment: Path = ENVIRONMENT, constraints: Path = CONSTRAINTS) -> Path:
    """The Python of an environment with these constraints; built unless its stamp says that it is there already."""
    python, stamp = environment / "bin" / "python", environment / "complete"
    with open(constraints, "rb") as listed:
        fcntl.flock(listed, fcntl.LOCK_EX)  # tests may run in several processes
        wanted = hashlib.sha256(listed.read() + platform.python_version().encode()).hexdigest()
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(environment, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(environment))
            install = str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)
            index = os.environ.get("TORCH_INDEX")
            _run(*install, *(["--index-url", index] if index else []), "torch")  # first: whatever build is found serves
            _run(*install, "adapters", "accelerate")  # accelerate: its trainer asks for it
            stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with code {done.returncode}:\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    print(build_peer())
