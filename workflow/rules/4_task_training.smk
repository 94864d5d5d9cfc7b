# Task training: one job per source for all seeds of an adapter method; one job per seed where a whole model trains.


rule train_task_adapter:
    input:
        base=f"{RESULTS}/base/{{base}}/base.json",
        windows=f"{RESULTS}/labelled/{{base}}/ner/{{source}}.npz",
        language=lambda w: adaptation_of(w.base, w.method, w.source),
    output:
        directory(f"{RESULTS}/runs/{{base}}/ner/{{method}}/{{source}}"),
    log:
        f"{RESULTS}/logs/train_task_adapter/{{base}}/ner/{{method}}/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_task_adapter/{{base}}/ner/{{method}}/{{source}}.tsv"
    wildcard_constraints:
        method=one_of(ADAPTER_METHODS),
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 720 * attempt,
        gpu=gpu(),
    params:
        settings=task_settings,
        seeds=lambda w: list(study.methods[w.method].seeds),
        code=code_digest("madx.training.task"),
    message:
        "{wildcards.method} on {wildcards.source} (NER, all seeds)"
    script:
        "../scripts/train_task.py"


rule fine_tune_model:
    input:
        base=f"{RESULTS}/base/{{base}}/base.json",
        windows=f"{RESULTS}/labelled/{{base}}/ner/{{source}}.npz",
    output:
        temp(directory(f"{RESULTS}/runs/{{base}}/ner/{{method}}/{{source}}/seed{{seed}}")),
        metrics=f"{RESULTS}/runs/{{base}}/ner/{{method}}/{{source}}/seed{{seed}}.metrics.jsonl",
    log:
        f"{RESULTS}/logs/fine_tune_model/{{base}}/ner/{{method}}/{{source}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fine_tune_model/{{base}}/ner/{{method}}/{{source}}/{{seed}}.tsv"
    wildcard_constraints:
        method=one_of(MODEL_METHODS),
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
        code=code_digest("madx.training.task"),
    message:
        "{wildcards.method} on {wildcards.source} (NER, seed {wildcards.seed})"
    script:
        "../scripts/train_task.py"
