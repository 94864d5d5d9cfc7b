"""What a run of ours spends its time on: operations by their own time, as torch's profiler sees them.

python -m benchmarks.speed.profile mlm float32 [cpu|cuda] [threads]
"""

from __future__ import annotations

import sys

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.speed.ours import prepare
from benchmarks.speed.works import work_on


def main(name: str, precision: str = "float32", device: str = "cpu", threads: str = "2") -> None:
    """Print the twenty operations with the most time of their own, after one run to warm up."""
    torch.set_num_threads(int(threads))
    run = prepare(work_on(device, name), precision, torch.device(device))
    run()
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == "cuda" else [])]
    with profile(activities=activities) as profiler:
        run()
    order = "self_cuda_time_total" if device == "cuda" else "self_cpu_time_total"
    print(profiler.key_averages().table(sort_by=order, row_limit=20, max_name_column_width=50))


if __name__ == "__main__":
    main(*sys.argv[1:])
