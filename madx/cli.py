"""The command line: `madx study` runs a study, the others look at it or repeat a part."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import yaml

from madx.config import ConfigError, Study, load_study, schema_json

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

ConfigFile = Annotated[Path, typer.Option("--configfile", help="the study's configuration file")]
Overrides = Annotated[
    list[str] | None, typer.Option("--config", help="KEY=VALUE replaces a top-level key, e.g. data_root=FOLDER")
]
DEFAULT = Path("config/config.yaml")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def study(
    context: typer.Context,
    configfile: ConfigFile = DEFAULT,
    config: Overrides = None,
    cores: Annotated[str, typer.Option(help="number of cores, or all")] = "all",
    target: Annotated[list[str] | None, typer.Option(help="rule or file to make instead of everything")] = None,
) -> None:
    """Run a study to its tables and figures, with a progress display. Further options go to Snakemake (e.g. -n).

    On a machine with GPUs one job at a time uses the first visible one; several GPUs are for SLURM (--profile slurm).
    """
    from madx.data.local import check_local_files
    from madx.progress import run_study
    from madx.tracking import forget_lost_database

    settings = _load(configfile, config)
    if cores != "all" and not (cores.isdigit() and int(cores) > 0):
        _stop(f"--cores {cores!r}: expected a positive number or all")
    try:
        check_local_files(settings)  # the workflow does, too, but by then the study would have a folder
    except ConfigError as error:
        _stop(str(error))
    forget_lost_database(settings, _results(settings))
    raise typer.Exit(run_study(configfile, _results(settings), cores, target or (), context.args, config or ()))


@app.command()
def check(configfile: ConfigFile = DEFAULT, config: Overrides = None) -> None:
    """Validate a configuration and say what it asks for."""
    settings = _load(configfile, config)
    typer.echo(f"{configfile} is valid: study {settings.study!r}, {len(settings.codes)} languages")
    typer.echo(f"bases: {', '.join(settings.bases)}; results in {_results(settings)}")
    for task in settings.tasks:
        pairs = f"{len(settings.sources(task))} sources x {len(settings.targets(task))} targets"
        typer.echo(f"task {task}: {pairs}; methods: {', '.join(settings.methods(task))}")


@app.command()
def plan(
    configfile: ConfigFile = DEFAULT,
    config: Overrides = None,
    rates: Annotated[
        Path | None, typer.Option(help="file that `make bench` wrote; without: of a GPU if there is one, else of a CPU")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(help="of the rates; without: the study's, and bfloat16 where that is auto"),
    ] = None,
) -> None:
    """Say what the jobs that are left of a study cost, by rule, at the rates measured by `make bench`."""
    from madx.data.local import check_local_files
    from madx.planning import Rates, as_markdown, jobs_left, make_plan, measured_rates

    settings = _load(configfile, config)
    of_study = settings.compute.precision
    try:
        check_local_files(settings)
        found = Rates.read(rates or measured_rates(), precision or ("bfloat16" if of_study == "auto" else of_study))
        planned = make_plan(settings, jobs_left(configfile, config or ()), found)
    except ValueError as error:
        _stop(str(error))
    typer.echo(as_markdown(planned))


@app.command()
def schema() -> None:
    """Print the JSON schema of a configuration file (committed as config/schema.json)."""
    typer.echo(schema_json(), nl=False)


@app.command()
def keys() -> None:
    """Print the table of all configuration keys (the one in config/README.md)."""
    from madx.config_reference import key_table

    typer.echo(key_table(), nl=False)


@app.command()
def sync(configfile: ConfigFile = DEFAULT, config: Overrides = None) -> None:
    """Bring MLflow up to date with a study's files; may be repeated at any time."""
    import logging

    from madx.files import write_json
    from madx.tracking import SYNCED, sync_study

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = _load(configfile, config)
    try:
        synced = sync_study(settings, _results(settings))
    except ValueError as error:
        _stop(str(error))
    if synced is None:
        raise typer.Exit(1)
    if (note := _results(settings) / SYNCED).exists():  # the workflow's, perhaps that MLflow was down
        write_json(note, vars(synced))


@app.command()
def ui(
    configfile: ConfigFile = DEFAULT,
    config: Overrides = None,
    port: Annotated[int, typer.Option(help="port on this machine", min=1, max=65535)] = 5000,
) -> None:
    """Open a study's runs in MLflow's browser interface, for this machine alone."""
    from madx.progress import madx_command
    from madx.tracking import on_server, tracking_uri

    settings = _load(configfile, config)
    uri = tracking_uri(settings, _results(settings))
    if on_server(uri):
        typer.echo(f"the runs of study {settings.study!r} are on a server; open {uri} in a browser")
        return
    if settings.tracking.uri is None and not (database := _results(settings) / "mlflow.db").exists():
        remedy = madx_command("sync" if database.parent.exists() else "study", configfile, config or ())
        _stop(f"{database} is not there; it is made by: {remedy}")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", **os.environ}
    # in place of this process: a signal to it reaches the server, which would else keep the port
    os.execve(sys.executable, [*command, "--port", str(port)], environment)


def _results(settings: Study) -> Path:
    return Path("results") / settings.study


def _load(configfile: Path, overrides: list[str] | None) -> Study:
    if not Path("Snakefile").is_file():  # paths of configurations and results are relative to it
        _stop(f"madx runs in the repository's root, the folder with Snakefile and config/; this is {Path.cwd()}")
    try:
        return load_study(configfile, dict(_pair(item) for item in overrides or ()))
    except ConfigError as error:
        _stop(str(error))


def _pair(item: str) -> tuple[str, Any]:
    key, separator, value = item.partition("=")
    if not separator:
        _stop(f"--config {item!r}: expected KEY=VALUE")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        _stop(f"--config {item!r}: the value is not valid YAML ({getattr(error, 'problem', error)})")


def _stop(message: str):
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
