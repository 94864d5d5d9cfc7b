# Evaluation: one job per base, method and source, over all targets and seeds.


rule evaluate_run:
    input:
        base=f"{RESULTS}/base/{{base}}/base.json",
        trained=trained_parts,
        windows=expand(f"{RESULTS}/labelled/{{{{base}}}}/ner/{{target}}.npz", target=study.targets("ner")),
        labelled=[
            f"{RESULTS}/labelled/ner/{target}/test.parquet"
            for target in study.targets("ner")
            if study.tasks.ner.write_predictions
        ],
        languages=lambda w: [
            path for target in study.targets("ner") if (path := adaptation_of(w.base, w.method, target))
        ],
    output:
        scores=f"{RESULTS}/scores/{{base}}/ner/{{method}}/{{source}}.json",
        counts=f"{RESULTS}/scores/{{base}}/ner/{{method}}/{{source}}.parquet",
    log:
        f"{RESULTS}/logs/evaluate_run/{{base}}/ner/{{method}}/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_run/{{base}}/ner/{{method}}/{{source}}.tsv"
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
            settings(study.compute, study.adapters.stack, study.tasks.ner.write_predictions),
            list(study.targets("ner")),
            list(study.methods[w.method].seeds),
        ],
        code=code_digest("madx.evaluation.run"),
    message:
        "{wildcards.method} from {wildcards.source} on every target (NER)"
    script:
        "../scripts/evaluate_run.py"


SCORES = expand(
    f"{RESULTS}/scores/{{base}}/ner/{{method}}/{{source}}.json",
    base=study.bases,
    method=study.methods,
    source=study.sources("ner"),
)


rule scores:
    input:
        SCORES,
