"""Run the checks of tests/results on this study."""

from pathlib import Path

import pytest

from madx.files import atomic_path
from madx.jobs import job

with job(snakemake) as study:
    with atomic_path(snakemake.output[0]) as temporary:
        arguments = ["tests/results", "--quiet", "-p", "no:cacheprovider", f"--results=results/{study.study}"]
        arguments += [f"--junit-xml={Path(snakemake.log[0]).with_suffix('.xml')}"]
        code = pytest.main(arguments)
        if code != pytest.ExitCode.OK:
            raise ValueError(f"a check of the results failed: {Path(snakemake.log[0]).with_suffix('.xml')} says which")
        temporary.write_text("all checks of tests/results hold\n")
