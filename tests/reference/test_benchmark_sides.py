"""Both sides of `make bench` run, on small shapes, and count the same tokens for the same work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import runpy, sys
from benchmarks.speed import works

works.SHAPES.update(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
sys.argv = sys.argv[1:]
runpy.run_module(f"benchmarks.speed.{sys.argv[0]}", run_name="__main__")
"""
pytestmark = [pytest.mark.reference, pytest.mark.slow]


def tokens(python: str, *arguments: str) -> int:
    """Of the second of two runs."""
    command = [python, "-c", PROGRAM, *arguments, "cpu", "1"]
    done = subprocess.run(command, cwd=ROOT, input="\n\n", capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    ready, _, second = done.stdout.splitlines()
    found = json.loads(second)
    assert ready == "ready"
    assert found["seconds"] > 0
    assert found["memory"] > 2**27
    return found["tokens"]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_adaptation_is_of_as_many_tokens(peer_python, precision):
    found = [
        tokens(sys.executable, "ours", "mlm", precision),
        tokens(peer_python, "peer", "loop", "mlm", precision),
        tokens(peer_python, "peer", "trainer", "mlm", precision),
    ]
    assert found == [3 * 8 * 128] * 3


def test_evaluation_is_of_as_many_tokens_for_each_seed(peer_python):
    ours = tokens(sys.executable, "ours", "evaluation", "bfloat16")
    assert ours == 5 * tokens(peer_python, "peer", "loop", "evaluation", "bfloat16")


@pytest.mark.parametrize(("work", "seeds"), [("ner", 5), ("fine-tuning", 1)])
def test_training_is_of_about_as_many_tokens_for_each_seed(peer_python, work, seeds):
    ours = tokens(sys.executable, "ours", work, "bfloat16") / seeds
    assert ours == pytest.approx(tokens(peer_python, "peer", "loop", work, "bfloat16"), rel=0.25)
