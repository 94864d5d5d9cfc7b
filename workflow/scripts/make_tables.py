"""Write every table of the study."""

from pathlib import Path

import pandas as pd

from madx.jobs import job
from madx.reporting.facts import read_sizes
from madx.reporting.parameters import added_parameters
from madx.reporting.published import read_published
from madx.reporting.tables import make_tables, write_tables

with job(snakemake) as study:
    results = Path(f"results/{study.study}")
    tables = make_tables(
        study,
        pd.read_parquet(snakemake.input.scores),
        added_parameters(study, results),
        read_sizes(study, results),
        read_published(snakemake.input.published),
    )
    write_tables(tables, results / "tables")
