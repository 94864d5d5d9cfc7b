"""Cut a language's labelled sentences into sub-word windows."""

from pathlib import Path

from madx.data.windows import tokenize_ner
from madx.jobs import job

with job(snakemake) as study:
    tokenize_ner(
        Path(snakemake.params.folder),
        Path(snakemake.input.tokenizer).parent,
        study.tasks.ner.labels,
        study.tasks.ner.max_length,
        Path(snakemake.output[0]),
    )
