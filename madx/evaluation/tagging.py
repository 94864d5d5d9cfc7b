"""Tags of every word of every sentence, for all replicas in one pass over the data."""

from __future__ import annotations

import numpy as np
import torch

from madx.adapters.model import AdaptedModel
from madx.data.windows import Windows
from madx.models.heads import TaggingHead

BATCH_TOKENS = 8192  # sub-words a forward pass, over all replicas


def pad_windows(windows: Windows, chosen: np.ndarray, pad_id: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows by number -> input ids, attention mask, word indices (-1: none): each (len(chosen), longest)."""
    lengths = windows.offsets[chosen + 1] - windows.offsets[chosen]
    shape = (len(chosen), int(lengths.max()))
    input_ids = np.full(shape, pad_id, dtype=np.int64)
    words = np.full(shape, -1, dtype=np.int64)
    for row, (window, length) in enumerate(zip(chosen, lengths, strict=True)):
        start = windows.offsets[window]
        input_ids[row, :length] = windows.input_ids[start : start + length]
        words[row, :length] = windows.words[start : start + length]
    mask = np.arange(shape[1]) < lengths[:, None]
    return input_ids, mask.astype(np.int64), words


def word_positions(windows: Windows, chosen: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Positions in `windows.gold` of the words of padded windows (from pad_windows); -1 where no word starts."""
    start = windows.gold_offsets[windows.sentences[chosen]]
    return np.where(words >= 0, words + start[:, None], -1)


@torch.no_grad()
def predict_tags(adapted: AdaptedModel, head: TaggingHead, windows: Windows, autocast: bool = False) -> np.ndarray:
    """Tag ids of all words by each replica of the head: (replicas, words), words as in windows.gold.

    The adapters in `adapted` decide the language and the task; dropout must be off.
    """
    replicas = head.weight.shape[0]
    device = head.weight.device
    predicted = np.zeros((replicas, len(windows.gold)), dtype=np.int64)
    lengths = np.diff(windows.offsets)
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        # windows come by length: the batch grows until its padded size reaches the limit
        size = max(1, BATCH_TOKENS // replicas // int(lengths[order[min(start + 256, len(order) - 1)]]))
        chosen = order[start : start + min(size, 256)]
        start += len(chosen)
        input_ids, mask, words = pad_windows(windows, chosen, adapted.model.config.pad_token_id)
        with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
            hidden = adapted(
                torch.from_numpy(input_ids).to(device).repeat(replicas, 1),
                torch.from_numpy(mask).to(device).repeat(replicas, 1),
            )
            tags = head(hidden).argmax(dim=-1).view(replicas, *words.shape).cpu().numpy()
        positions = word_positions(windows, chosen, words)
        predicted[:, positions[positions >= 0]] = tags[:, positions >= 0]
    return predicted
