# Text and labelled data: read, cleaned, tokenized.


rule prepare_ner:
    input:
        lambda w: source_files(study.tasks.ner.data, w.language, SPLITS),
    output:
        expand(f"{RESULTS}/labelled/ner/{{{{language}}}}/{{split}}.parquet", split=SPLITS),
    log:
        f"{RESULTS}/logs/prepare_ner/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_ner/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        folder=lambda w: f"{RESULTS}/labelled/ner/{w.language}",
        settings=lambda w: [
            source_settings(study.tasks.ner.data, w.language, "ner_train", "ner_dev", "ner_test"),
            settings(study.tasks.ner.labels, study.tasks.ner.map_tags),
        ],
        code=code_digest("madx.data.ner", without=unused_readers(study.tasks.ner.data)),
    message:
        "labelled data of {wildcards.language}"
    script:
        "../scripts/prepare_ner.py"


rule prepare_text:
    input:
        text=lambda w: source_files(study.corpora.data, w.language),
        evaluation=lambda w: source_files(study.tasks.ner.data, w.language, EVALUATION_SPLITS),
    output:
        text=f"{RESULTS}/corpora/text/{{language}}.txt",
        report=f"{RESULTS}/corpora/text/{{language}}.json",
    log:
        f"{RESULTS}/logs/prepare_text/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_text/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=720,
        gpu=0,
    params:
        settings=lambda w: [
            source_settings(study.corpora.data, w.language, "sentences"),
            source_settings(study.tasks.ner.data, w.language, "ner_dev", "ner_test"),
            settings(study.corpora.max_characters, study.corpora.exclude_evaluation_text),
        ],
        code=code_digest("madx.data.text", without=unused_readers(study.corpora.data, study.tasks.ner.data)),
    message:
        "text of {wildcards.language}"
    script:
        "../scripts/prepare_text.py"


rule pack_blocks:
    input:
        text=rules.prepare_text.output.text,
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    output:
        blocks=f"{RESULTS}/corpora/{{base}}/{{language}}.bin",
        description=f"{RESULTS}/corpora/{{base}}/{{language}}.json",
    log:
        f"{RESULTS}/logs/pack_blocks/{{base}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pack_blocks/{{base}}/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=0,
    params:
        settings=settings(study.corpora.block_length, study.corpora.max_tokens, study.corpora.held_out_blocks),
        code=code_digest("madx.data.blocks"),
    message:
        "token blocks of {wildcards.language} for {wildcards.base}"
    script:
        "../scripts/pack_blocks.py"


rule tokenize_ner:
    input:
        data=rules.prepare_ner.output,
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    output:
        f"{RESULTS}/labelled/{{base}}/ner/{{language}}.npz",
    log:
        f"{RESULTS}/logs/tokenize_ner/{{base}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tokenize_ner/{{base}}/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        folder=lambda w: f"{RESULTS}/labelled/ner/{w.language}",
        settings=settings(study.tasks.ner.labels, study.tasks.ner.max_length),
        code=code_digest("madx.data.windows"),
    message:
        "sub-word windows of {wildcards.language} for {wildcards.base}"
    script:
        "../scripts/tokenize_ner.py"
