# Evaluation: one job per base, method and source, over all targets and seeds.


rule evaluate_run:
    input:
        base=models_for,
        trained=trained_parts,
        data=test_sequences,
        labelled=lambda w: [
            str(PATHS.labelled(w.task, target, "test"))
            for target in study.targets(w.task)
            if getattr(study.tasks[w.task], "write_predictions", False)
        ],
        languages=lambda w: language_adapters(w.base, w.method, study.targets(w.task)),
    output:
        scores=f"{RESULTS}/scores/{{base}}/{{task}}/{{method}}/{{source}}.json",
        counts=f"{RESULTS}/scores/{{base}}/{{task}}/{{method}}/{{source}}.parquet",
    log:
        f"{RESULTS}/logs/evaluate_run/{{base}}/{{task}}/{{method}}/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_run/{{base}}/{{task}}/{{method}}/{{source}}.tsv"
    priority: 1  # whole models wait on the disk until they are evaluated
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 240 * attempt,
        gpu=gpu(),
    params:
        settings=lambda w: [
            settings(study.compute, study.adapters.stack),
            study.tasks[w.task].model_dump(mode="json", include={"write_predictions", "n_best", "max_answer_length"}),
            list(study.targets(w.task)),
            list(study.tasks[w.task].methods[w.method].seeds),
        ],
        code=lambda w: task_code("madx.evaluation.run", w),
    message:
        "{wildcards.method} from {wildcards.source} on every target ({wildcards.task})"
    script:
        "../scripts/evaluate_run.py"


rule evaluate_steps:
    input:
        base=f"{RESULTS}/base/{{base}}/base.json",
        trained=f"{RESULTS}/runs/{{base}}/{{task}}/madx/{{source}}",
        data=lambda w: [str(PATHS.sequences(w.base, w.task, code, "test")) for code in study.figure6_targets],
        languages=lambda w: language_adapters(w.base, "madx", study.figure6_targets),
        steps=lambda w: [str(PATHS.language_adapters(w.base, "madx", code) / "steps") for code in study.figure6_targets],
    output:
        f"{RESULTS}/sample_efficiency/{{base}}/{{task}}/{{source}}.json",
    log:
        f"{RESULTS}/logs/evaluate_steps/{{base}}/{{task}}/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_steps/{{base}}/{{task}}/{{source}}.tsv"
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 240 * attempt,
        gpu=gpu(),
    params:
        settings=lambda w: settings(study.compute, study.adapters.stack),
        steps={code: study.kept_steps(code) for code in study.figure6_targets},
        code=lambda w: task_code("madx.evaluation.run", w),
    message:
        "MAD-X from {wildcards.source} after some steps of adaptation ({wildcards.task})"
    script:
        "../scripts/evaluate_steps.py"


SCORES = list(map(str, PATHS.all_scores()))
STEP_SCORES = list(map(str, PATHS.scores_by_step()))


rule scores:
    input:
        SCORES,
        STEP_SCORES,
