# Text and labelled data: read, cleaned, tokenized.
TRAINING, TEST = ("train", "dev"), ("test",)


rule record_revision:
    output:
        update(str(PATHS.revision("{repository}"))),  # kept where it is of the same revision
    log:
        f"{RESULTS}/logs/record_revision/{{repository}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/record_revision/{{repository}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
        gpu=0,
    params:
        revision=lambda w: repositories(study)[w.repository].revision,
    message:
        "revision of {wildcards.repository}"
    script:
        "../scripts/record_revision.py"


rule prepare_training_data:
    input:
        files=lambda w: labelled_files(w.task, w.language, TRAINING),
        revisions=lambda w: labelled_revisions(w.task, w.language, TRAINING),
    output:
        expand(f"{RESULTS}/labelled/{{{{task}}}}/{{{{language}}}}/{{split}}.parquet", split=TRAINING),
    log:
        f"{RESULTS}/logs/prepare_training_data/{{task}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_training_data/{{task}}/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
        gpu=0,
    params:
        settings=lambda w: [labelled_settings(w.task, w.language, TRAINING), kind_settings(w.task, "read")],
        code=lambda w: labelled_code(w.task, w.language, TRAINING),
    message:
        "labelled data of {wildcards.language} to train on ({wildcards.task})"
    script:
        "../scripts/prepare_labelled.py"


use rule prepare_training_data as prepare_test_data with:
    input:
        files=lambda w: labelled_files(w.task, w.language, TEST),
        revisions=lambda w: labelled_revisions(w.task, w.language, TEST),
    output:
        f"{RESULTS}/labelled/{{task}}/{{language}}/test.parquet",
    log:
        f"{RESULTS}/logs/prepare_test_data/{{task}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_test_data/{{task}}/{{language}}.tsv"
    params:
        settings=lambda w: [labelled_settings(w.task, w.language, TEST), kind_settings(w.task, "read")],
        code=lambda w: labelled_code(w.task, w.language, TEST),
    message:
        "labelled data of {wildcards.language} to score ({wildcards.task})"


rule prepare_text:
    input:
        text=lambda w: source_files(study.text_source(w.language), w.language),
        evaluation=lambda w: [
            path for task, splits in evaluation_splits(w.language) for path in labelled_files(task, w.language, splits)
        ],
        revisions=lambda w: text_revisions(w.language),
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
            source_settings(study.text_source(w.language), w.language),
            [
                [labelled_settings(task, w.language, splits), kind_settings(task, "text")]
                for task, splits in evaluation_splits(w.language)
            ],
            settings(study.corpora.max_characters, study.corpora.exclude_evaluation_text),
        ],
        code=lambda w: text_code(w.language),
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


rule tokenize_training_data:
    input:
        data=rules.prepare_training_data.output,
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    output:
        f"{RESULTS}/labelled/{{base}}/{{task}}/{{language}}/training.npz",
    log:
        f"{RESULTS}/logs/tokenize_training_data/{{base}}/{{task}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tokenize_training_data/{{base}}/{{task}}/{{language}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=0,
    params:
        settings=lambda w: kind_settings(w.task, "tokenize"),
        code=lambda w: code_digest(
            "madx.data.labelled", f"madx.data.{study.tasks[w.task].kind}", without=READERS.values()
        ),
    message:
        "{wildcards.language} to train on, as sub-words of {wildcards.base} ({wildcards.task})"
    script:
        "../scripts/tokenize_labelled.py"


use rule tokenize_training_data as tokenize_test_data with:
    input:
        data=rules.prepare_test_data.output,
        tokenizer=f"{RESULTS}/base/{{base}}/tokenizer/tokenizer.json",
    output:
        f"{RESULTS}/labelled/{{base}}/{{task}}/{{language}}/test.npz",
    log:
        f"{RESULTS}/logs/tokenize_test_data/{{base}}/{{task}}/{{language}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tokenize_test_data/{{base}}/{{task}}/{{language}}.tsv"
    message:
        "{wildcards.language} to score, as sub-words of {wildcards.base} ({wildcards.task})"
