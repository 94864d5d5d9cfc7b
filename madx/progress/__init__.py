"""Progress of a run on this machine: `run_study` starts the workflow and shows what runs and how long is left."""

from madx.progress.run import madx_command, run_study

__all__ = ["madx_command", "run_study"]
