"""Copy a pretrained base into the study."""

from pathlib import Path

from madx.jobs import job
from madx.models.base import fetch_base
from madx.provenance import made_by, study_settings
from madx.revisions import at_recorded_commits

with job(snakemake) as study:
    name = snakemake.wildcards.base
    base = at_recorded_commits(study, snakemake.input.revisions).bases[name]
    folder = Path(snakemake.output.description).parent
    fetch_base(
        base.path,
        base.revision,
        folder,
        name,
        head_expected=base.mlm_head == "included",
        provenance=made_by(study_settings(study), snakemake.params.code),
    )
