# MAD-X Study: from text and labelled data to every table and figure. `make study` runs it; config/README.md explains
# the settings. The rules come in the order of the data's way.
from snakemake.utils import min_version

min_version("9.0")

# each study file is complete: the default is read only when no other is given
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


localrules:
    all,


include: "workflow/rules/common.smk"
include: "workflow/rules/1_corpora.smk"
include: "workflow/rules/2_base_model.smk"
include: "workflow/rules/3_language_adaptation.smk"
include: "workflow/rules/4_task_training.smk"
include: "workflow/rules/5_evaluation.smk"
include: "workflow/rules/6_report.smk"
include: "workflow/rules/7_checks.smk"


# every result by name: Snakemake would not miss a deleted table while the page that is made of it is there
rule all:
    default_target: True
    input:
        SCORES,
        COUNTS,
        STEP_SCORES,
        rules.collect_scores.output,
        rules.make_tables.output,
        rules.make_figures.output,
        rules.make_page.output,
        rules.check_results.output,
        rules.sync_tracking.output if study.tracking.mlflow else [],
