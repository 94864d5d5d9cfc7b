"""The last step of a training: its metrics file, and the end of its resume state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from madx.files import atomic_path


def finish_metrics(checkpoint_folder: Path, metrics: Sequence[dict], path: Path) -> None:
    """Write metrics as JSON lines beside the results, whose weights are written by now, and remove the resume state."""
    with atomic_path(path) as temporary:
        temporary.write_text("".join(json.dumps(record) + "\n" for record in metrics), encoding="utf-8")
    shutil.rmtree(checkpoint_folder, ignore_errors=True)
