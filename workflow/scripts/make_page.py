"""Write the study's page: all tables and figures with what made them."""

from pathlib import Path

from madx.jobs import job
from madx.reporting.page import write_page

with job(snakemake) as study:
    write_page(study, Path(snakemake.output[0]).parent)
