"""Token sequences of a task's examples, as training reads them: flat arrays of all splits in one npz file.

Loading needs numpy alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from madx.data.errors import DataError
from madx.files import atomic_path


def array(dtype: Any) -> Any:
    """A dataclass field that is an array of this type; None: text of whatever length."""
    return field(metadata={"dtype": dtype})


@dataclass(frozen=True)
class Sequences:
    """The token sequences of one split; tasks add their own arrays.

    input_ids: (sub-words,) of all sequences one after the other, special tokens included; offsets: (sequences + 1,)
    where each starts.
    """

    input_ids: np.ndarray = array(np.int32)
    offsets: np.ndarray = array(np.int64)

    @classmethod
    def of(cls, **values: Sequence[Any] | np.ndarray) -> Any:
        """From values that become arrays of the declared types."""
        types = {f.name: f.metadata["dtype"] for f in fields(cls)}
        return cls(**{name: np.asarray(values[name], dtype) for name, dtype in types.items()})

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """(sequences,) sub-words of each."""
        return np.diff(self.offsets)

    def padded(self, values: np.ndarray, chosen: np.ndarray, fill: int) -> np.ndarray:
        """Values of the sub-words (input_ids, or any array like it) of chosen sequences: (len(chosen), longest)."""
        lengths = self.offsets[chosen + 1] - self.offsets[chosen]
        rows = np.full((len(chosen), int(lengths.max())), fill, dtype=np.int64)
        for row, sequence, length in zip(rows, chosen, lengths, strict=True):
            start = self.offsets[sequence]
            row[:length] = values[start : start + length]
        return rows

    def mask(self, chosen: np.ndarray) -> np.ndarray:
        """(len(chosen), longest): 1 where a sequence has a sub-word, 0 where it is padded."""
        lengths = self.offsets[chosen + 1] - self.offsets[chosen]
        return (np.arange(int(lengths.max())) < lengths[:, None]).astype(np.int64)


S = TypeVar("S", bound=Sequences)


def save_sequences(path: str | Path, splits: Mapping[str, Sequences]) -> None:
    """Write all splits into one npz file; equal inputs give equal bytes."""
    arrays = {
        f"{split}_{f.name}": getattr(sequences, f.name)
        for split, sequences in splits.items()
        for f in fields(sequences)
    }
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def load_sequences(kind: type[S], path: str | Path, split: str) -> S:
    """One split of a file that save_sequences wrote; DataError if it lacks the split."""
    with np.load(path, allow_pickle=False) as arrays:
        names = [f.name for f in fields(kind)]
        missing = [name for name in names if f"{split}_{name}" not in arrays]
        if missing:
            raise DataError(f"{path}: no array '{split}_{missing[0]}'; the workflow's rules tokenize_* make the file")
        return kind(**{name: arrays[f"{split}_{name}"] for name in names})


def pack_texts(values: Any) -> np.ndarray:
    """JSON-able values as bytes, for a field of type uint8."""
    return np.frombuffer(json.dumps(values, ensure_ascii=False).encode(), dtype=np.uint8)


def unpack_texts(packed: np.ndarray) -> Any:
    """What pack_texts was given."""
    return json.loads(packed.tobytes())
