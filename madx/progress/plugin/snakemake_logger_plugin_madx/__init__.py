"""Snakemake logger plugin: writes what the progress display needs to know, one JSON object a line.

It is found through PYTHONPATH (Snakemake does not see plugins of editable installs) and does not print anything.
Used as `snakemake --logger madx --logger-madx-events FILE`; madx.progress.run does so.
"""

import json
import time
from dataclasses import dataclass, field
from logging import LogRecord
from pathlib import Path
from typing import Optional

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

EVENTS = {
    LogEvent.RUN_INFO: ("stats",),
    LogEvent.JOB_INFO: ("jobid", "rule_name", "rule_msg", "wildcards", "log", "threads"),
    LogEvent.JOB_FINISHED: ("job_id",),
    LogEvent.JOB_ERROR: ("jobid", "rule_name", "log"),
    LogEvent.ERROR: ("exception",),
}


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of the plugin on Snakemake's command line."""

    # Snakemake calls the annotation to convert the argument and understands Optional alone
    events: Optional[Path] = field(  # noqa: UP045
        default=None, metadata={"help": "file that the events go to", "required": True}
    )


class LogHandler(LogHandlerBase):
    """Appends the events listed above to a file."""

    def __post_init__(self) -> None:
        # line-buffered: whoever follows the file sees whole lines at once
        self.stream = open(self.settings.events, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 (closed in close)

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if event in EVENTS:
            fields = {name: getattr(record, name, None) for name in EVENTS[event]}
            message = record.getMessage() if event == LogEvent.ERROR else None
        elif record.getMessage() == NOTHING_TO_BE_DONE_MSG:
            event, fields, message = "nothing_to_do", {}, None
        else:
            return
        line = {"event": str(event), "time": time.time(), "message": message, **fields}
        self.stream.write(json.dumps(line, default=_plain) + "\n")

    def close(self) -> None:
        self.stream.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        return False

    @property
    def writes_to_file(self) -> bool:
        return False  # Snakemake would announce the file as a log

    @property
    def has_filter(self) -> bool:
        return True  # the default filter would drop events under --quiet

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False


def _plain(value: object) -> object:
    """Snakemake's own containers as JSON."""
    return dict(value.items()) if hasattr(value, "items") else str(value)
