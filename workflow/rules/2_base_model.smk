# The base: made from the covered languages' text, or pretrained (with or without an MLM head).

COVERED_BLOCKS = expand(f"{RESULTS}/corpora/{{{{base}}}}/{{language}}.bin", language=study.covered)


rule train_tokenizer:
    input:
        expand(f"{RESULTS}/corpora/text/{{language}}.txt", language=study.covered),
    output:
        f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    log:
        f"{RESULTS}/logs/train_tokenizer/{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_tokenizer/{{base}}.tsv"
    wildcard_constraints:
        base=one_of(MADE),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
        gpu=0,
    params:
        vocabulary_size=lambda w: study.bases[w.base].vocabulary_size,
        code=code_digest("madx.models.tokenizer"),
    message:
        "tokenizer of {wildcards.base}"
    script:
        "../scripts/train_tokenizer.py"


rule make_base:
    input:
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
        blocks=COVERED_BLOCKS,
    output:
        description=f"{RESULTS}/base/{{base}}/base.json",
        model=f"{RESULTS}/base/{{base}}/model/model.safetensors",
        metrics=f"{RESULTS}/base/{{base}}/metrics.jsonl",
    log:
        f"{RESULTS}/logs/make_base/{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_base/{{base}}.tsv"
    wildcard_constraints:
        base=one_of(MADE),
    conda:
        "../../environment.yml"
    threads: lambda w: study.bases[w.base].threads
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 240 * attempt,
        gpu=gpu(),
    params:
        settings=lambda w: settings(study.bases[w.base], study.corpora.block_length, study.compute),
        code=code_digest("madx.training.pretraining"),
    message:
        "pretraining of {wildcards.base} on the covered languages"
    script:
        "../scripts/make_base.py"


rule fetch_tokenizer:
    input:
        files=lambda w: base_files(w.base, ["config.json", "tokenizer*", "vocab*", "merges.txt", "*.model"]),
        revisions=lambda w: revisions(of_base(study, w.base)),
    output:
        f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    log:
        f"{RESULTS}/logs/fetch_tokenizer/{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_tokenizer/{{base}}.tsv"
    wildcard_constraints:
        base=one_of(HEADLESS + COMPLETE),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=0,
    params:
        settings=lambda w: [study.bases[w.base].path, study.bases[w.base].revision],
        code=code_digest("madx.models.base"),
    message:
        "tokenizer of {wildcards.base}"
    script:
        "../scripts/fetch_tokenizer.py"


rule fetch_base:
    input:
        files=lambda w: base_files(w.base, ["config.json", "*.safetensors"]),
        revisions=lambda w: revisions(of_base(study, w.base)),
    output:
        description=f"{RESULTS}/base/{{base}}/base.json",
        model=f"{RESULTS}/base/{{base}}/model/model.safetensors",
    log:
        f"{RESULTS}/logs/fetch_base/{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_base/{{base}}.tsv"
    wildcard_constraints:
        base=one_of(COMPLETE),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
        gpu=0,
    params:
        settings=lambda w: settings(study.bases[w.base]),
        code=code_digest("madx.models.base"),
    message:
        "pretrained base {wildcards.base}"
    script:
        "../scripts/fetch_base.py"


use rule fetch_base as fetch_headless_base with:
    output:
        description=f"{RESULTS}/base/{{base}}/headless/base.json",
        model=f"{RESULTS}/base/{{base}}/headless/model/model.safetensors",
    wildcard_constraints:
        base=one_of(HEADLESS),
    message:
        "pretrained base {wildcards.base} (without MLM head)"


rule train_mlm_head:
    input:
        pretrained=rules.fetch_headless_base.output.description,
        tokenizer=rules.fetch_tokenizer.output,
        blocks=COVERED_BLOCKS,
    output:
        description=f"{RESULTS}/base/{{base}}/base.json",
        model=f"{RESULTS}/base/{{base}}/model/model.safetensors",
        metrics=f"{RESULTS}/base/{{base}}/metrics.jsonl",
    log:
        f"{RESULTS}/logs/train_mlm_head/{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_mlm_head/{{base}}.tsv"
    wildcard_constraints:
        base=one_of(HEADLESS),
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        mem_mb=lambda w, attempt: 8000 * attempt,
        runtime=lambda w, attempt: 240 * attempt,
        gpu=gpu(),
    params:
        settings=lambda w: settings(
            study.bases[w.base],
            {k: v for k, v in study.adaptation.model_dump(mode="json").items() if k not in ("steps", "save_steps")},
            study.compute,
        ),
        code=code_digest("madx.training.pretraining"),
    message:
        "MLM head of {wildcards.base}"
    script:
        "../scripts/train_mlm_head.py"
