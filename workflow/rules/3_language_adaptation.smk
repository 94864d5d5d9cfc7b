# Language adaptation by masked language modelling: one job per base, kind and language.


rule adapt_language:
    input:
        base=f"{RESULTS}/base/{{base}}/base.json",
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
        blocks=rules.pack_blocks.output.blocks,
    output:
        weights=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/adapter.safetensors",
        description=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/adapter.json",
        metrics=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/metrics.jsonl",
        steps=directory(f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/steps"),
    log:
        f"{RESULTS}/logs/adapt_language/{{base}}/{{kind}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/adapt_language/{{base}}/{{kind}}/{{language}}.tsv"
    wildcard_constraints:
        kind="lad|lad-inv",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 2880 * attempt,
        gpu=gpu(),
    params:
        steps=lambda w: study.by_category(study.adaptation.steps, w.language),
        settings=adaptation_settings,
        code=code_digest("madx.training.adaptation"),
    message:
        "{wildcards.kind} adaptation of {wildcards.base} to {wildcards.language}"
    script:
        "../scripts/adapt_language.py"


use rule adapt_language as adapt_model with:
    output:
        weights=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/model/model.safetensors",
        description=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/base.json",
        metrics=f"{RESULTS}/adaptations/{{base}}/{{kind}}/{{language}}/metrics.jsonl",
    log:
        f"{RESULTS}/logs/adapt_model/{{base}}/{{kind}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/adapt_model/{{base}}/{{kind}}/{{language}}.tsv"
    wildcard_constraints:
        kind="full",
    message:
        "whole-model adaptation of {wildcards.base} to {wildcards.language}"


rule adaptations:
    input:
        [
            str(PATHS.adaptation(base, kind, language) / ("base.json" if kind == "full" else "adapter.json"))
            for base, kind, language in study.adaptations
        ],
