# MAD-X Study: from text and labelled data to every table and figure. `make study` runs it; config/README.md explains
# the settings. The rules come in the order of the data's way.
from snakemake.utils import min_version

min_version("9.0")

# each study file is complete: the default is read only when no other is given
if "study" not in config:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        f"{RESULTS}/README.md",
        f"{RESULTS}/checks.txt",
        [f"{RESULTS}/mlflow.synced"] if study.tracking.mlflow else [],


include: "workflow/rules/1_corpora.smk"
include: "workflow/rules/2_base_model.smk"
include: "workflow/rules/3_language_adaptation.smk"
include: "workflow/rules/4_task_training.smk"
include: "workflow/rules/5_evaluation.smk"
include: "workflow/rules/6_report.smk"
include: "workflow/rules/7_checks.smk"
