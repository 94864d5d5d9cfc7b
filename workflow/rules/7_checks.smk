# What must hold of any finished study; `rule all` asks for it.


rule check_results:
    input:
        scores=rules.collect_scores.output,
        page=rules.make_page.output,
    output:
        f"{RESULTS}/checks.txt",
    log:
        f"{RESULTS}/logs/check_results.log",
    benchmark:
        f"{RESULTS}/benchmarks/check_results.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        checks=file_digest("tests/results/test_results.py"),
    message:
        "checks of the results"
    script:
        "../scripts/check_results.py"
