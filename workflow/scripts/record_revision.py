"""Look up and record the commit of a data set or model on the hub."""

from madx.jobs import job
from madx.repositories import repositories
from madx.revisions import record_revision

with job(snakemake) as study:
    record_revision(repositories(study)[snakemake.wildcards.repository], snakemake.output[0])
