"""Mirror the study's files to MLflow; an MLflow that is down is a warning, not a failure."""

from pathlib import Path

from madx.files import write_json
from madx.jobs import job
from madx.tracking import sync_study

with job(snakemake) as study:
    synced = sync_study(study, Path(f"results/{study.study}"))
    write_json(snakemake.output[0], vars(synced) if synced else {"failed": "see the log; repeat with: madx sync"})
