# Task training: one job per source for all seeds of an adapter method; one job per seed where a whole model trains. Whole
# models are large and are deleted once they are scored; those of a first stage stay, for what goes on from them.


rule train_task_adapter:
    input:
        base=model_for,
        data=f"{RESULTS}/labelled/{{base}}/{{task}}/{{source}}/training.npz",
        language=lambda w: language_adapter(w.base, w.method, w.source),
        first_stage=first_stage,
    output:
        directory(f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}"),
    log:
        f"{RESULTS}/logs/train_task_adapter/{{base}}/{{task}}/{{method}}/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_task_adapter/{{base}}/{{task}}/{{method}}/{{source}}.tsv"
    wildcard_constraints:
        method=one_of(ADAPTER_METHODS),
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 16000 * attempt,
        runtime=lambda w, attempt: 720 * attempt,
        gpu=gpu(),
    params:
        settings=task_settings,
        seeds=lambda w: list(study.tasks[w.task].methods[w.method].seeds),
        code=lambda w: task_code("madx.training.task", w),
    message:
        "{wildcards.method} on {wildcards.source} ({wildcards.task}, all seeds)"
    script:
        "../scripts/train_task.py"


rule fine_tune_model:
    input:
        base=model_for,
        data=f"{RESULTS}/labelled/{{base}}/{{task}}/{{source}}/training.npz",
        first_stage=first_stage,
    output:
        temp(directory(f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/seed{{seed}}")),
        metrics=f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/seed{{seed}}.metrics.jsonl",
    log:
        f"{RESULTS}/logs/fine_tune_model/{{base}}/{{task}}/{{method}}/{{source}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fine_tune_model/{{base}}/{{task}}/{{method}}/{{source}}/{{seed}}.tsv"
    wildcard_constraints:
        method=one_of(MODEL_METHODS),
        task=one_of(LAST_STAGES),
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 16000 * attempt,
        runtime=lambda w, attempt: 720 * attempt,
        gpu=gpu(),
    params:
        settings=task_settings,
        seeds=lambda w: [int(w.seed)],
        code=lambda w: task_code("madx.training.task", w),
    message:
        "{wildcards.method} on {wildcards.source} ({wildcards.task}, seed {wildcards.seed})"
    script:
        "../scripts/train_task.py"


use rule fine_tune_model as fine_tune_model_for_target with:
    output:
        temp(directory(f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/seed{{seed}}")),
        metrics=f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/seed{{seed}}.metrics.jsonl",
    log:
        f"{RESULTS}/logs/fine_tune_model_for_target/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fine_tune_model_for_target/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/{{seed}}.tsv"
    wildcard_constraints:
        method=one_of(PAIR_METHODS),
        task=one_of(LAST_STAGES),
    message:
        "{wildcards.method} on {wildcards.source} for {wildcards.target} ({wildcards.task}, seed {wildcards.seed})"


use rule fine_tune_model as fine_tune_first_stage with:
    output:
        directory(f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/seed{{seed}}"),
        metrics=f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/seed{{seed}}.metrics.jsonl",
    log:
        f"{RESULTS}/logs/fine_tune_first_stage/{{base}}/{{task}}/{{method}}/{{source}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fine_tune_first_stage/{{base}}/{{task}}/{{method}}/{{source}}/{{seed}}.tsv"
    wildcard_constraints:
        method=one_of(MODEL_METHODS),
        task=one_of(FIRST_STAGES),


use rule fine_tune_model_for_target as fine_tune_first_stage_for_target with:
    output:
        directory(f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/seed{{seed}}"),
        metrics=f"{RESULTS}/runs/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/seed{{seed}}.metrics.jsonl",
    log:
        f"{RESULTS}/logs/fine_tune_first_stage_for_target/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fine_tune_first_stage_for_target/{{base}}/{{task}}/{{method}}/{{source}}/{{target}}/{{seed}}.tsv"
    wildcard_constraints:
        method=one_of(PAIR_METHODS),
        task=one_of(FIRST_STAGES),
