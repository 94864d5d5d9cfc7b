# From scores to tables, figures, one page, and MLflow.
from madx.reporting import names

COUNTS = [Path(path).with_suffix(".parquet").as_posix() for path in SCORES]


rule collect_scores:
    input:
        SCORES,
    output:
        f"{RESULTS}/scores.parquet",
    log:
        f"{RESULTS}/logs/collect_scores.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_scores.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=[
            [
                [task, study.sources(task), study.targets(task), base, method, study.tasks[task].methods[method].seeds]
                for base in study.bases
                for method in study.methods(task, base)
            ]
            for task in study.tasks
        ],
        code=code_digest("madx.reporting.scores"),
    message:
        "all scores in one file"
    script:
        "../scripts/collect_scores.py"


rule make_tables:
    input:
        scores=rules.collect_scores.output,
        steps=STEP_SCORES,
        published=names.PUBLISHED,
        languages=study.languages_table,
        bases=expand(f"{RESULTS}/base/{{base}}/base.json", base=study.bases),
        texts=expand(f"{RESULTS}/corpora/text/{{language}}.json", language=study.text_languages),
        labelled=[
            str(PATHS.labelled(task, language, split))
            for task in study.tasks
            for language in study.codes
            for split in study.splits(task, language)
        ],
        counts=COUNTS,
        questions=[
            str(PATHS.sequences(base, task, target, "test"))
            for task in study.tasks_of("qa")
            for base in study.bases_of(task)
            for target in study.targets(task)
        ],
    output:
        [
            report(
                expand(f"{RESULTS}/tables/{table}.{{ending}}", ending=["csv", "md", "tex"]),
                category="tables",
                caption=f"../report/{names.report_caption(study, table)}",
            )
            for table in names.table_names(study)
        ],
    log:
        f"{RESULTS}/logs/make_tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_tables.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=study_settings(study),
        code=code_digest("madx.reporting.tables", "madx.reporting.parameters"),
    message:
        "tables"
    script:
        "../scripts/make_tables.py"


rule make_figures:
    input:
        scores=rules.collect_scores.output,
        languages=study.languages_table,
        published=names.PUBLISHED,
        metrics=list(map(str, PATHS.metrics())),
        counts=COUNTS,
        choices=[
            str(PATHS.labelled(task, target, "test"))
            for task in study.tasks_of("ccr")
            for target in study.targets(task)
        ],
        steps=STEP_SCORES,
    output:
        [
            report(
                expand(f"{RESULTS}/figures/{figure}.{{ending}}", ending=["png", "pdf"]),
                category="figures",
                caption=f"../report/{names.report_caption(study, figure)}",
            )
            for figure in names.figure_names(study)
        ],
    log:
        f"{RESULTS}/logs/make_figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_figures.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=study_settings(study),
        code=code_digest(
            "madx.reporting.figures",
            "madx.reporting.learning_curves",
            "madx.reporting.sample_efficiency",
            "madx.miniature.gallery",
            "madx.miniature.task_gallery",
        ),
    message:
        "figures"
    script:
        "../scripts/make_figures.py"


rule make_page:
    input:
        rules.make_tables.output,
        rules.make_figures.output,
        SCORES,
        map(str, PATHS.revisions()),
    output:
        report(f"{RESULTS}/README.md", category="page", caption="../report/page.rst"),
    log:
        f"{RESULTS}/logs/make_page.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_page.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=study_settings(study),
        code=code_digest("madx.reporting.page"),
        template=file_digest("madx/reporting/templates/page.md.jinja"),
    message:
        "the study's page"
    script:
        "../scripts/make_page.py"


rule sync_tracking:
    input:
        rules.make_page.output,
    output:
        f"{RESULTS}/mlflow.synced",
    log:
        f"{RESULTS}/logs/sync_tracking.log",
    benchmark:
        f"{RESULTS}/benchmarks/sync_tracking.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=0,
    params:
        settings=study_settings(study),
        code=code_digest("madx.tracking"),
    message:
        "MLflow brought up to date"
    script:
        "../scripts/sync_tracking.py"


rule tables:
    input:
        rules.make_tables.output,


rule figures:
    input:
        rules.make_figures.output,
