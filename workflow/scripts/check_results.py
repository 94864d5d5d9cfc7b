"""Run the checks of tests/results on this study."""

from pathlib import Path

import pytest

from madx.files import atomic_path
from madx.jobs import job

with job(snakemake) as study, atomic_path(snakemake.output[0]) as temporary:
    report = Path(snakemake.log[0]).with_suffix(".xml")
    arguments = ["tests/results", "--quiet", "-p", "no:cacheprovider", f"--results=results/{study.study}"]
    if pytest.main([*arguments, f"--junit-xml={report}"]) != pytest.ExitCode.OK:
        raise ValueError(f"a check of the results failed: {report} says which")
    temporary.write_text("all checks of tests/results hold\n")
