"""Write every table of the study."""

import pandas as pd

from madx.data.questions import QuestionWindows
from madx.data.sequences import load_sequences
from madx.jobs import job
from madx.paths import Paths
from madx.reporting.bootstraps import Bootstraps
from madx.reporting.facts import read_sizes
from madx.reporting.parameters import added_parameters
from madx.reporting.published import read_published
from madx.reporting.sample_efficiency import read_sample_efficiency
from madx.reporting.tables import make_tables, write_tables

with job(snakemake) as study:
    paths = Paths(study)
    results = paths.results

    def read_questions(base, task, target):
        return load_sequences(QuestionWindows, paths.sequences(base, task, target, "test"), "test")

    tables = make_tables(
        study,
        pd.read_parquet(snakemake.input.scores),
        read_sample_efficiency(study, snakemake.input.steps),
        added_parameters(study, results),
        Bootstraps(study, results),
        read_questions,
        read_sizes(study, results),
        read_published(snakemake.input.published),
    )
    write_tables(tables, results / "tables")
