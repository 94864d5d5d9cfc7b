"""Where a `local` source's files lie, and whether they are there."""

from __future__ import annotations

from pathlib import Path

from madx.config import ConfigError, Study
from madx.config_types import LocalSource


def local_path(study: Study, source: LocalSource, language: str, split: str | None = None) -> Path:
    """data_root / path with {language} (and {split}, as the files call it) filled in."""
    return Path(study.data_root) / source.path.format(language=language, split=source.splits.get(split, split))


def local_files(study: Study) -> list[Path]:
    """All files that the study reads below data_root: text and labelled data of its languages."""
    texts = [(study.text_source(code), code) for code in study.text_languages]
    files = [local_path(study, source, language=code) for source, code in texts if source.source == "local"]
    for task in study.tasks:
        for code in study.codes:
            for split in dict.fromkeys((*study.splits(task, code), *study.evaluation_splits(task, code))):
                source = study.data_source(task, code, split)
                if source.source == "local":
                    files.append(local_path(study, source, language=code, split=split))
    return list(dict.fromkeys(files))


def check_local_files(study: Study) -> None:
    """Raise ConfigError naming the first file that is missing, and how data_root is set."""
    missing = [path for path in local_files(study) if not path.is_file()]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise ConfigError(
            f"{missing[0]}: the file does not exist{more}; data_root is {study.data_root!r}: set it in the study's "
            f"file, or with --config data_root=FOLDER (make study DATA_ROOT=FOLDER)"
        )
