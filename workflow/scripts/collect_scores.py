"""Join all score files into one table."""

from pathlib import Path

from madx.jobs import job
from madx.reporting.scores import collect_scores

with job(snakemake) as study:
    collect_scores(study, [Path(path) for path in snakemake.input], Path(snakemake.output[0]))
