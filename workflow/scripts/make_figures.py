"""Draw every figure of the study."""

from pathlib import Path

import pandas as pd

from madx.jobs import job
from madx.miniature import gallery
from madx.reporting.figures import write_figures
from madx.reporting.learning_curves import write_learning_curves

with job(snakemake) as study:
    folder = Path(f"results/{study.study}/figures")
    write_figures(study, pd.read_parquet(snakemake.input.scores), folder)
    write_learning_curves(study, snakemake.input.metrics, folder)
    if study.miniature:
        gallery.draw(study.miniature.seed, list(study.language_table().values()), folder / "miniature_languages")
