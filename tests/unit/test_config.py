"""A study's configuration: what is refused, with which line, and what follows from a valid one."""

import copy
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from madx.config import ConfigError, load_study, parse_study
from madx.repositories import repositories

ROOT = Path(__file__).parents[2]
TINY = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
MADX = "tasks__ner__methods__madx"
ONE_SEED = {"seeds": [0], "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def changed(**paths) -> dict:
    """Settings of config/tiny.yaml with other values; `tasks__ner__labels=...` goes below."""
    settings = copy.deepcopy(TINY)
    for path, value in paths.items():
        *above, last = path.split("__")
        below = settings
        for key in above:
            below = below[key]
        below[last] = value
    return settings


def refused(settings: dict) -> str:
    with pytest.raises(ConfigError) as error:
        parse_study(settings, "study.yaml")
    message = str(error.value)
    assert message.startswith("study.yaml: ")
    assert "\n" not in message
    return message.removeprefix("study.yaml: ")


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("adaptaton", "unknown key 'adaptaton'; did you mean 'adaptation'?"),
        ("adapters__task_reduction", "unknown key 'adapters.task_reduction'; did you mean 'task_reduction_factor'?"),
        ("adaptation__learning_rate__ful", "unknown key 'adaptation.learning_rate.ful'; did you mean 'full'?"),
        ("tasks__ner__methods__madx__seed", "unknown key 'tasks.ner.methods.madx.seed'; did you mean 'seeds'?"),
        ("bases__miniature-base__layer", "unknown key 'bases.miniature-base.layer'; did you mean 'layers'?"),
        ("compute__xyzzy", "unknown key 'compute.xyzzy'"),
        # keys of pretrained bases and of hub sources, in a made base and a miniature source
        ("bases__miniature-base__revision", "unknown key 'bases.miniature-base.revision'"),
        ("tasks__ner__data__configuration", "unknown key 'tasks.ner.data.configuration'"),
    ],
)
def test_unknown_key_gets_the_nearest_name(path, message):
    assert refused(changed(**{path: 1})) == message


def test_of_several_models_the_one_at_hand_gives_the_nearest_name():
    local = {"source": "local", "path": "{language}/{split}", "pth": 1}
    assert "'tasks.ner.data.pth'; did you mean 'path'?" in refused(changed(tasks__ner__data=local))


@pytest.mark.parametrize("name", ["made", "local"])
def test_a_base_may_be_called_like_a_source(name):
    base = TINY["bases"]["miniature-base"]
    assert refused(changed(bases={name: base | {"layer": 1}})).startswith(f"unknown key 'bases.{name}.layer'; did you")
    assert refused(changed(bases={name: base | {"layers": 0}})).startswith(f"bases.{name}.layers: ")


def test_every_key_must_be_there():
    def below(settings: dict, path: tuple = ()):
        for key, value in settings.items():
            yield (*path, key)
            if isinstance(value, dict):
                yield from below(value, (*path, key))

    paths = [
        path
        for path in below(TINY)
        if path[0] not in ("languages", "bases") and "methods" not in path[:-1] and len(path) <= 3
    ]
    assert len(paths) > 50
    for path in paths:
        settings = copy.deepcopy(TINY)
        inner = settings
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        message = refused(settings)
        optional = {("table5_source",), ("tasks", "ner"), ("tasks", "ner", "data")}
        assert ".".join(path) in message or path[-1] in ("source", "kind") or path in optional, message


def test_number_of_further_mistakes_is_told():
    assert refused(changed(compute__one=1, compute__two=2)).endswith("(and 1 more)")


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"study": "../elsewhere"}, "study: "),
        ({"adaptation__steps": 0}, "adaptation.steps"),
        ({"adaptation__mask_fraction": 1.5}, "adaptation.mask_fraction: "),
        ({f"{MADX}__seeds": []}, "tasks.ner.methods.madx.seeds: "),
        ({f"{MADX}__seeds": [-1]}, "tasks.ner.methods.madx.seeds.0: "),
        ({"adapters__stack": "houlsby"}, "adapters.stack: "),
        ({"tasks__ner__labels": ["B-PER"]}, "tasks.ner.labels: 'B-PER' is a tag; expected its type alone"),
        ({"tasks__ner__labels": ["a b"]}, "tasks.ner.labels: 'a b' cannot stand in a column; expected text without"),
        ({"tasks__ner__labels": [""]}, "tasks.ner.labels: '' cannot stand in a column"),
        (
            {"languages": {"high-resource": ["qaa"]}},
            "unknown key 'languages.high-resource'; expected 'high-resource cov",
        ),
        ({"languages": {"high-resource covered": ["qaa", "qaa"]}}, "languages: qaa listed more than once"),
        ({"languages": {"high-resource covered": ["QAA"]}}, "languages: 'QAA' is no language code"),
        ({"tasks__ner__sources": ["qab"]}, "tasks.ner.sources: 'qab' is not among the study's languages; did you"),
        ({"corpora__data_of": {"xx": TINY["corpora"]["data"]}}, "corpora.data_of: 'xx' is not among the study's"),
        ({"tasks__ner__targets": ["xx"]}, "tasks.ner.targets: 'xx' is not among the study's languages"),
        ({"table5_source": "qac"}, "table5_source: 'qac' is not among tasks.ner.sources"),
        (
            {"tasks__ner__methods": {"mad-x": ONE_SEED}},
            "tasks.ner.methods: 'mad-x' is unknown; did you mean 'madx'?",
        ),
        ({"miniature": None}, "miniature: settings are needed"),
        ({"tasks__ner__data": {"source": "local", "path": "x"}}, "data_root: a folder is needed"),
        ({"study": "reference"}, "study: 'reference' is the name of a folder of the results"),
        ({"study": "bench"}, "study: 'bench' is the name of a folder of the results"),
        ({f"{MADX}__seeds": [0, 1, 0]}, "tasks.ner.methods.madx.seeds: 0 listed more than once"),
        ({"tasks__ner__sources": ["qaa", "qaa"]}, "tasks.ner.sources: qaa listed more than once"),
        ({"tasks__ner__targets": ["qae", "qae"]}, "tasks.ner.targets: qae listed more than once"),
        ({"tasks__ner__labels": ["PER", "LOC", "PER"]}, "tasks.ner.labels: PER listed more than once"),
        ({"tasks__ner__labels": ["PER", "O"]}, "tasks.ner.labels: 'O' stands for no entity"),
        ({"tasks__ner__sources": []}, "tasks.ner.sources: at least one language is needed"),
        ({"tasks__ner__targets": []}, "tasks.ner.targets: at least one language is needed"),
        ({"adapters__leave_out": [1, 2]}, "adapters.leave_out: base 'miniature-base' has no layer 2; its 2 count from"),
        ({"adapters__leave_out": [0, 0]}, "adapters.leave_out: 0 listed more than once"),
        ({"adapters__leave_out": [1, 0]}, "adapters.leave_out: no layer of base 'miniature-base' is left for adapters"),
        (
            {"bases__miniature-base__hidden_size": 65, "bases__miniature-base__attention_heads": 5},
            "bases: 'miniature-base': hidden_size must be even, because the invertible adapter halves it",
        ),
        (
            {"adapters__language_reduction_factor": 65},
            "adapters.language_reduction_factor: 65 leaves nothing of the 64",
        ),
        ({"adapters__invertible_reduction_factor": 33}, "adapters.invertible_reduction_factor: 33 leaves nothing of"),
        ({"adapters__task_reduction_factor": 65}, "adapters.task_reduction_factor: 65 leaves nothing of the 64 units"),
        (
            {"tasks__ner__data__dev": {"high-resource covered": 5, "low-resource covered": 5}},
            "tasks.ner.data.dev: no value for 'low-resource unseen' (language 'qae')",
        ),
        ({"adaptation__evaluations": True}, "adaptation.evaluations: Input should be a valid integer"),
        ({"adaptation__steps": "40"}, "adaptation.steps: Input should be a valid integer"),
        ({"adaptation__steps": True}, "adaptation.steps: Input should be a valid integer"),
        ({"adaptation__batch_size": 8.0}, "adaptation.batch_size: Input should be a valid integer"),
        (
            {f"{MADX}__seeds": ["0"]},
            "tasks.ner.methods.madx.seeds.0: Input should be a valid integer",
        ),
        (
            {f"{MADX}__seeds": [False]},
            "tasks.ner.methods.madx.seeds.0: Input should be a valid integer",
        ),
        ({"adaptation__mask_fraction": True}, "adaptation.mask_fraction: expected a number, found true"),
        ({"adaptation__mask_fraction": "half"}, "adaptation.mask_fraction: Input should be a valid number"),
        (
            {f"{MADX}__learning_rate": ".inf"},
            "tasks.ner.methods.madx.learning_rate: Input should be a",
        ),
        ({"adaptation__whole_words": "maybe"}, "adaptation.whole_words: Input should be a valid boolean"),
        (
            {"tasks__ner__data": {"source": "web"}},
            "tasks.ner.data.source: 'web' is none of 'miniature', 'local', 'hub'",
        ),
        ({"tasks__ner__map_tags": {"DATE": "TIME"}}, "tasks.ner.map_tags: 'DATE' is mapped to 'TIME'"),
        ({"bases": {"text": TINY["bases"]["miniature-base"]}}, "bases: 'text' is the name of a folder"),
        ({"bases": {"a/b": TINY["bases"]["miniature-base"]}}, "bases.a/b"),
        ({"bases__miniature-base__attention_heads": 3}, "bases: 'miniature-base': hidden_size must be a multiple"),
        ({"bases__miniature-base__optimizer": "adamw"}, "bases.miniature-base: muon_learning_rate is needed exactly"),
        ({"tasks__ner__max_length": 512}, "tasks.ner.max_length: 512 tokens, but base 'miniature-base'"),
        (
            {"languages": {"low-resource unseen": ["qae"]}, "table5_source": "qae", "tasks__ner__sources": "all"},
            "bases: 'miniature-base' is made from the covered languages' text, but none is covered",
        ),
        ({"languages_table": "config/none.tsv"}, "config/none.tsv: the language table does not exist"),
        (
            {"adaptation__steps": {"high-resource covered": 10}},
            "adaptation.steps: no value for 'low-resource covered' (language 'qac')",
        ),
    ],
)
def test_wrong_value_is_one_line_with_its_place(changes, message):
    assert message in refused(changed(**changes))


def test_labels_may_have_digits_and_hyphens():
    labels = ["PER", "Work-of-art", "type_2", "Ort/Stadt"]
    assert parse_study(changed(tasks__ner__labels=labels), "t").tasks["ner"].labels == tuple(labels)


def test_hidden_size_may_be_odd_where_nothing_halves_it():
    odd = {"bases__miniature-base__hidden_size": 65, "bases__miniature-base__attention_heads": 5}
    methods = {name: TINY["tasks"]["ner"]["methods"]["madx"] for name in ("full-finetuning", "madx-no-inv")}
    assert parse_study(changed(tasks__ner__methods=methods, **odd), "t").bases["miniature-base"].hidden_size == 65


def test_numbers_may_be_written_with_an_exponent():
    settings = changed(
        **yaml.safe_load("{tasks__ner__methods__madx__learning_rate: 1e-4, adaptation__mask_fraction: 2.5e-1}")
    )
    assert settings["tasks"]["ner"]["methods"]["madx"]["learning_rate"] == "1e-4"  # without a point it is text to YAML
    study = parse_study(settings, "t")
    assert (study.tasks["ner"].methods["madx"].learning_rate, study.adaptation.mask_fraction) == (1e-4, 0.25)


LOCAL_TEXT, LOCAL_LABELS = ({"source": "local", "path": path} for path in ("{language}.txt", "{language}/{split}.txt"))
HUB = {"source": "hub", "id": "x", "configuration": "{language}", "revision": None}


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        ({"path": "text.txt"}, {}, "corpora.data.path: 'text.txt' lacks {language}; without it several files would be"),
        ({}, {"path": "ner.txt"}, "tasks.ner.data.path: 'ner.txt' lacks {language}, {split}; without it"),
        ({}, {"path": "{language}.txt"}, "tasks.ner.data.path: '{language}.txt' lacks {split}; without it"),
        ({"path": "{langage}.txt"}, {}, "corpora.data.path: {langage} is unknown; did you mean 'language'?"),
        ({"path": "{language}/{split}"}, {}, "corpora.data.path: {split} is unknown; known: {language}"),
        ({"path": "{}/{language}"}, {}, "corpora.data.path: {} is unknown; known: {language}"),
        ({"path": "{language:d}"}, {}, "corpora.data.path: {language:d} is unknown; did you mean 'language'?"),
        ({"path": "{language"}, {}, "corpora.data.path: '{language' cannot be filled in ("),
        ({"splits": {"train": "all"}}, {}, "corpora.data.splits: text has none"),
        ({}, HUB | {"configuration": "en"}, "tasks.ner.data.configuration: 'en' lacks {language}; without it"),
        ({}, HUB | {"configuration": "{split}"}, "tasks.ner.data.configuration: {split} is unknown; known: {language}"),
    ],
)
def test_names_in_braces_are_checked(text, labels, message):
    labels = labels if "source" in labels else LOCAL_LABELS | labels
    settings = changed(data_root="data", corpora__data=LOCAL_TEXT | text, tasks__ner__data=labels)
    assert message in refused(settings)


def test_one_language_needs_no_name_in_its_paths():
    settings = changed(
        data_root="data",
        languages={"high-resource covered": ["qaa"]},
        tasks__ner__sources="all",
        corpora__data=LOCAL_TEXT | {"path": "text.txt"},
        tasks__ner__data=HUB | {"configuration": "default"},
    )
    assert parse_study(settings, "t").codes == ("qaa",)


def test_head_steps_and_trained_head_go_together():
    base = {"source": "pretrained", "path": "x", "revision": None, "mlm_head": "included"}
    assert parse_study(changed(bases={"x": base}), "t").bases["x"].mlm_head_steps is None
    for wrong in (base | {"mlm_head_steps": 5}, base | {"mlm_head": "train"}):
        assert "mlm_head_steps is needed exactly when" in refused(changed(bases={"x": wrong}))


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"study: [a\nb: 1\n", "config.yaml:2: not valid YAML"),
        (b"study: \xff\n", "config.yaml: not UTF-8 (byte 7)"),
        (b"- a\n", "config.yaml: expected keys and values, found list"),
        (b"", "config.yaml: expected keys and values, found NoneType"),
    ],
)
def test_unreadable_file_names_file_and_line(tmp_path, content, message):
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_study(tmp_path / "config.yaml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_overrides_replace_top_level_keys():
    study = load_study("config/tiny.yaml", {"study": "other", "data_root": "elsewhere"})
    assert (study.study, study.data_root) == ("other", "elsewhere")


# ---------------------------------------------------------------- what follows


def test_languages_come_category_by_category():
    reversed_order = dict(reversed(TINY["languages"].items()))
    study = parse_study(changed(languages=reversed_order), "t")
    assert study.codes == ("qaa", "qac", "qae")
    assert study.covered == ("qaa", "qac")
    assert study.category("qae") == "low-resource unseen"
    assert list(study.language_table()) == ["qaa", "qac", "qae"]
    with pytest.raises(ConfigError, match="'qax' is not in this study"):
        study.category("qax")


def test_values_by_category():
    by_category = {"high-resource covered": 1, "low-resource covered": 2, "low-resource unseen": 3}
    study = parse_study(changed(adaptation__steps=by_category), "t")
    assert [study.by_category(study.adaptation.steps, code) for code in study.codes] == [1, 2, 3]
    assert study.by_category(7, "qaa") == 7


def test_sources_and_targets():
    study = parse_study(changed(tasks__ner__sources=["qae", "qaa"]), "t")
    assert study.sources("ner") == ("qae", "qaa")
    assert study.targets("ner") == study.codes


@pytest.mark.parametrize(
    ("method", "adaptations"),
    [
        ("full-finetuning", set()),
        ("madx-no-lad-inv", set()),
        ("madx", {("lad-inv", code) for code in ("qaa", "qac", "qae")}),
        ("madx-no-inv", {("lad", code) for code in ("qaa", "qac", "qae")}),
        ("mlm-src", {("full", code) for code in ("qaa", "qae")}),
        ("mlm-trg", {("full", code) for code in ("qaa", "qac", "qae")}),
    ],
)
def test_adaptations_are_those_that_the_methods_need(method, adaptations):
    """The sources are qaa and qae, the targets all three."""
    methods = {method: TINY["tasks"]["ner"]["methods"]["madx"]}
    found = parse_study(changed(tasks__ner__methods=methods), "t").adaptations
    assert {(kind, code) for _, kind, code in found} == adaptations and len(found) == len(adaptations)


CCR = {
    key: value
    for key, value in TINY["tasks"]["ner"].items()
    if key not in ("kind", "labels", "map_tags", "write_predictions")
} | {"kind": "ccr", "question_words": {}}
CCR["data"] = CCR["data"] | {"choices": 2}
QA = {
    **{key: value for key, value in CCR.items() if key != "question_words"},
    **{"kind": "qa", "data": TINY["tasks"]["ner"]["data"], "article_splits": None, "stride": 16},
    **{"n_best": 5, "max_answer_length": 9},
}


LOCAL = {"source": "local", "path": "{language}.json"}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({"ner": {"sources": ["qaa"]}}, "missing key 'tasks.ner.kind'"),
        ({"a": {"kind": "pos"}}, "tasks.a.kind: 'pos' is none of 'ner', 'qa', 'ccr'"),
        ({"qa": QA | {"stride": 40}}, "tasks.qa.stride: must be at most half of max_length, 64"),
        ({"qa": QA | {"stride": 4, "max_length": 8}}, "which must be at least 24"),
        (
            {"qa": QA | {"article_splits": {"train": 5, "dev": 1, "test": 4}}},
            "article_splits: only for a local",
        ),
        (
            {"qa": QA | {"data": LOCAL, "article_splits": {"train": 5, "dev": 1, "test": 0}}},
            "tasks.qa.article_splits.test: must be above 0, for 'qaa' needs that part",
        ),
        ({"qa": QA | {"labels": ["PER"]}}, "unknown key 'tasks.qa.labels'"),
        ({"qa": QA | {"data": QA["data"] | {"choices": 2}}}, "tasks.qa.data.choices: needed for causal reasoning, and"),
        ({"ccr": CCR | {"data": QA["data"]}}, "tasks.ccr.data.choices: needed for causal reasoning"),
        (
            {"ccr": CCR | {"question_words": {"reason": "why"}}},
            "unknown key 'tasks.ccr.question_words.reason'; expected 'cause' or 'effect'",
        ),
        ({"qa": QA | {"targets": ["qaa"], "test_data_of": {"qac": QA["data"]}}}, "tasks.qa.test_data_of: 'qac' is not"),
        ({"ccr": CCR | {"starts_from": "cr"}}, "tasks.ccr.starts_from: 'cr' is no other task of kind ccr"),
        ({"ccr": CCR | {"starts_from": "ccr"}}, "tasks.ccr.starts_from: 'ccr' is no other task of kind ccr"),
        (
            {"one": CCR | {"sources": ["qaa"]}, "two": CCR | {"starts_from": "one"}},
            "tasks.two.starts_from: 'one' is not trained on qae",
        ),
        (
            {
                "one": CCR | {"methods": {"madx": ONE_SEED}},
                "two": CCR | {"starts_from": "one"},
            },
            "tasks.two.starts_from: 'one' lacks method full-finetuning or seeds of it",
        ),
        (
            {"ner": TINY["tasks"]["ner"] | {"methods": {"madx": ONE_SEED | {"bases": ["x"]}}}},
            "tasks.ner.methods.madx.bases: 'x' is no base",
        ),
        (
            {"ner": TINY["tasks"]["ner"] | {"methods": {"madx": ONE_SEED | {"bases": []}}}},
            "tasks.ner.methods.madx.bases: at least one base is needed",
        ),
    ],
)
def test_tasks_that_cannot_be_are_refused(tasks, message):
    assert message in refused(changed(tasks=tasks, table5_source=None, data_root="data"))


def test_sizes_of_dev_sentences_are_needed_where_they_are_cut_out_of_the_text():
    few = {"tasks__ner__sources": ["qaa"], "tasks__ner__data__dev": {"high-resource covered": 5}}
    assert "tasks.ner.data.dev: no value for 'low-resource covered' (language 'qac')" in refused(changed(**few))


def test_valid_tasks_of_every_kind():
    tasks = {"qa": QA, "first": CCR, "second": CCR | {"starts_from": "first"}}
    study = parse_study(changed(tasks=tasks, table5_source=None), "t")
    assert (study.tasks_of("qa"), study.tasks_of("ccr"), study.tasks_of("ner")) == (("qa",), ("first", "second"), ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"figure6_targets": ["qax"]}, "figure6_targets: 'qax' is not among the study's languages"),
        ({"figure6_targets": ["qac"], "table5_source": None}, "figure6_targets: table5_source is needed"),
        (
            {"figure6_targets": ["qac"], "adaptation__save_steps": []},
            "figure6_targets: adaptation.save_steps has no step",
        ),
        ({"figure6_targets": ["qac"], "adaptation__save_steps": [9999]}, "has no step before the last one of 'qac'"),
    ],
)
def test_figure6_needs_a_source_and_steps(changes, message):
    assert message in refused(changed(**changes))


@pytest.mark.parametrize("key", ["table5_source", "figure6_targets"])
def test_table_5_and_figure_6_need_named_entities(key):
    value = {"table5_source": "qaa", "figure6_targets": ["qac"]}[key]
    wrong = changed(**{"tasks": {"qa": QA}, "table5_source": None, key: value})
    assert f"{key}: Table 5 and figure 6 are of NER" in refused(wrong)


def test_one_revision_of_a_data_set():
    hub = HUB | {"configuration": "{language}"}
    settings = changed(corpora__data=hub | {"revision": "v1"}, tasks__ner__data=hub)
    assert "revision: dataset 'x' has two; a study reads one" in refused(settings)
    study = parse_study(changed(corpora__data=hub, tasks__ner__data=hub), "t")
    assert list(repositories(study)) == ["datasets--x"]


def test_settings_cannot_change():
    study = parse_study(TINY, "t")
    with pytest.raises(ValidationError):
        study.adaptation.steps = 3


def test_tasks_share_equal_test_parts():
    study = load_study(ROOT / "config/paper.yaml", {"languages_table": str(ROOT / "config/languages.tsv")})
    assert {study.test_task(task, "et") for task in study.tasks_of("ccr")} == {"ccr-siqa"}
    assert study.test_task("ner", "en") == "ner"
    settings = study.model_dump(mode="json")
    settings["tasks"]["ccr"]["max_length"] = 64  # other sub-words
    settings["tasks"]["ccr-copa"]["test_data_of"] = {}  # another English test part
    changed = parse_study(settings, "x")
    assert [changed.test_task(task, "et") for task in ("ccr-siqa", "ccr-copa", "ccr")] == [
        "ccr-siqa",
        "ccr-siqa",
        "ccr",
    ]
    assert changed.test_task("ccr-copa", "en") == "ccr-copa"
    del settings["tasks"]["ccr"]
    settings["tasks"]["ccr-siqa"]["targets"] = ["en"]  # it has no Estonian test part to share
    assert parse_study(settings, "x").test_task("ccr-copa", "et") == "ccr-copa"


def test_figure_6_is_of_named_entities_alone():
    study = load_study(ROOT / "config/paper.yaml", {"languages_table": str(ROOT / "config/languages.tsv")})
    assert [task for task in study.tasks if study.scored_by_steps(task)] == ["ner"]
