"""The modules of the kinds of task, by the kind's name in the configuration."""

KINDS = {"ner": "madx.tasks.tagging", "qa": "madx.tasks.answering", "ccr": "madx.tasks.choosing"}
