"""Brings MLflow up to date with the files of a study, each run exactly once."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from madx.config import Study
from madx.tracking.records import Record, read_records

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

log = logging.getLogger(__name__)

SYNCED = "mlflow.synced"  # the workflow's note in the results folder: MLflow is up to date
PATH_TAG, DIGEST_TAG, PARENT_TAG = "madx.run", "madx.digest", "mlflow.parentRunId"
# MLflow's limits
METRICS_A_BATCH, PARAMETERS_A_BATCH = 1000, 100
PARAMETER_CHARACTERS, TAG_CHARACTERS, DATA_DIGEST_CHARACTERS = 6000, 8000, 36
# A server that does not answer costs seconds, not the minutes of MLflow's own settings. Users' settings win.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class Synced:
    """Numbers of runs that were new, had changed, were there already, or are no longer the study's."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


def tracking_uri(study: Study, results: Path) -> str:
    """The study's MLflow tracking URI; without a setting a SQLite file in its results folder."""
    return study.tracking.uri or f"sqlite:///{results / 'mlflow.db'}"


def on_server(uri: str) -> bool:
    """Whether a tracking URI names a server, not a database."""
    return uri.startswith(("http://", "https://"))


def forget_lost_database(study: Study, results: Path) -> None:
    """Where the study's own database was deleted, remove the note that it is up to date: the next run makes both."""
    if study.tracking.uri is None and not (results / "mlflow.db").exists():
        (results / SYNCED).unlink(missing_ok=True)


def sync_study(study: Study, results: Path) -> Synced | None:
    """Mirror all runs of a study to MLflow; None, with a warning in the log, if MLflow fails.

    May be repeated at any time: a run whose files have not changed is left alone, a changed one is replaced. Runs that
    the study no longer has are deleted (MLflow can restore them) from its own database only: on a server an experiment
    of this name may hold the runs of other folders, and they stay.
    Raises ValueError for files of the study that cannot be read.
    """
    if not study.tracking.mlflow:
        log.info("tracking.mlflow is off: nothing is mirrored")
        return Synced()
    records = read_records(study, results)
    uri = tracking_uri(study, results)
    try:
        with _environment(ENVIRONMENT):
            synced = _Mirror(study, results, uri).bring_up_to_date(records)
    except Exception as error:  # whatever breaks in MLflow or its stores: a mirror must not fail the study
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        log.warning("MLflow at %s could not be brought up to date: %s", uri, reason)
        log.warning(
            "nothing is lost, the files have everything; once MLflow answers, repeat with: madx sync --configfile FILE"
        )
        log.debug("traceback", exc_info=True)
        return None
    log.info("MLflow at %s: %d runs new, %d updated, %d unchanged, %d deleted", uri, *vars(synced).values())
    return synced


class _Mirror:
    """One experiment of one MLflow server or database."""

    def __init__(self, study: Study, results: Path, uri: str) -> None:
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow.store.db.utils"):  # pages of messages when a database is new
            logging.getLogger(name).setLevel(logging.WARNING)
        self.client: MlflowClient = MlflowClient(tracking_uri=uri)
        self.only_ours = study.tracking.uri is None
        # with the study's other files; a server knows where its artifacts go
        artifacts = None if on_server(uri) else (results / "mlartifacts").resolve().as_uri()
        experiment = self.client.get_experiment_by_name(study.study)
        if experiment is None:
            self.experiment = self.client.create_experiment(study.study, artifact_location=artifacts)
        else:
            self.experiment = experiment.experiment_id
            if experiment.lifecycle_stage == "deleted":
                self.client.restore_experiment(self.experiment)

    def bring_up_to_date(self, records: list[Record]) -> Synced:
        """Mirror the records; the first one is the parent of the others."""
        present = self._present_runs()
        counts: Counter[str] = Counter()
        parent = None
        for record in records:
            old = present.get(record.path, [])
            same = [run for run in old if _holds(run, record)]
            if same:
                run_id = same[0].info.run_id
                if parent and same[0].data.tags.get(PARENT_TAG) != parent:
                    self.client.set_tag(run_id, PARENT_TAG, parent)
                counts["unchanged"] += 1
            else:
                run_id = self._write(record, parent)
                counts["updated" if old else "created"] += 1
            for run in old:
                if run.info.run_id != run_id:
                    self.client.delete_run(run.info.run_id)
            parent = parent or run_id
        if self.only_ours:
            for path in present.keys() - {record.path for record in records}:
                for run in present[path]:
                    self.client.delete_run(run.info.run_id)
                counts["deleted"] += 1
        return Synced(**counts)

    def _present_runs(self) -> dict[str, list[Run]]:
        """Runs of the experiment by the path of their files."""
        present: dict[str, list[Run]] = defaultdict(list)
        page = None
        while True:
            runs = self.client.search_runs([self.experiment], max_results=1000, page_token=page)
            for run in runs:
                if path := run.data.tags.get(PATH_TAG):
                    present[path].append(run)
            page = runs.token
            if not page:
                return present

    def _write(self, record: Record, parent: str | None) -> str:
        """A new, finished run with all of a record; it counts as unfinished until the last call."""
        from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

        tags = {name: value[:TAG_CHARACTERS] for name, value in record.tags.items()}
        tags |= {PATH_TAG: record.path, DIGEST_TAG: record.digest} | ({PARENT_TAG: parent} if parent else {})
        times = [_milliseconds(point.time) for point in record.points] or [_milliseconds(time.time())]
        run = self.client.create_run(self.experiment, start_time=min(times), tags=tags, run_name=record.name)
        run_id = run.info.run_id
        parameters = [Param(name, value[:PARAMETER_CHARACTERS]) for name, value in record.parameters.items()]
        for start in range(0, len(parameters), PARAMETERS_A_BATCH):
            self.client.log_batch(run_id, params=parameters[start : start + PARAMETERS_A_BATCH])
        metrics = [Metric(point.name, point.value, _milliseconds(point.time), point.step) for point in record.points]
        for start in range(0, len(metrics), METRICS_A_BATCH):
            self.client.log_batch(run_id, metrics=metrics[start : start + METRICS_A_BATCH])
        inputs = [
            DatasetInput(
                Dataset(data.name, data.digest[:DATA_DIGEST_CHARACTERS], "local", json.dumps({"uri": data.path})),
                [InputTag("mlflow.data.context", data.context)],
            )
            for data in record.data
        ]
        if inputs:
            self.client.log_inputs(run_id, inputs)
        for path, folder in record.artifacts:
            self.client.log_artifact(run_id, str(path), folder or None)
        for name, text in record.texts.items():
            self.client.log_text(run_id, text, name)
        self.client.set_terminated(run_id, end_time=max(times))
        return run_id


def _holds(run: Run, record: Record) -> bool:
    """Whether a run was written to its end and nothing in the files has changed since."""
    return run.info.status == "FINISHED" and run.data.tags.get(DIGEST_TAG) == record.digest


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


@contextlib.contextmanager
def _environment(defaults: dict[str, str]) -> Iterator[None]:
    """Environment variables that are set only where they are not, and only for the block."""
    added = {name: value for name, value in defaults.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
