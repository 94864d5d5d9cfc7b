"""The peer library's results, computed once a session in its own environment, and a table of the differences found."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def peer_python() -> str:
    """The Python of the peer's environment, which is built if need be."""
    return _run(sys.executable, HERE / "build_peer.py").splitlines()[-1]


@pytest.fixture(scope="session")
def peer_results(peer_python) -> Iterator[Path]:
    """A folder with what peer.py writes; about 900 MB, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="madx-peer-") as folder:
        _run(peer_python, HERE / "peer.py", folder)
        yield Path(folder)


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}", pytrace=False)
    return done.stdout


def pytest_terminal_summary(terminalreporter) -> None:
    """The differences that the tests recorded, one line each."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [line for report in reports for name, line in getattr(report, "user_properties", []) if name == "parity"]
    if lines:
        terminalreporter.section("greatest absolute differences from the adapters library (float32)")
        terminalreporter.write_line("\n".join(lines))
