"""Draw every figure of the study."""

import pandas as pd

from madx.jobs import job
from madx.miniature import gallery, task_gallery
from madx.paths import Paths
from madx.reporting.bootstraps import Bootstraps
from madx.reporting.facts import read_guessing
from madx.reporting.figures import write_figures
from madx.reporting.learning_curves import write_learning_curves
from madx.reporting.names import has_miniature_tasks
from madx.reporting.published import read_published
from madx.reporting.sample_efficiency import write_sample_efficiency

with job(snakemake) as study:
    results = Paths(study).results
    folder = results / "figures"
    scores, published = pd.read_parquet(snakemake.input.scores), read_published(snakemake.input.published)
    write_figures(study, scores, Bootstraps(study, results), read_guessing(study, results), published, folder)
    write_learning_curves(study, snakemake.input.metrics, folder)
    write_sample_efficiency(study, snakemake.input.steps, folder)
    rows = list(study.language_table().values())
    if study.miniature:
        gallery.draw(study.miniature.seed, rows, folder / "miniature_languages")
    if has_miniature_tasks(study):
        task_gallery.draw(study.miniature.seed, task_gallery.shown(rows), folder / "miniature_tasks")
