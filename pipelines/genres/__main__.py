"""The command line: each step of the project as one command. `python3 __main__.py --help`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from genre_classification.problem import Problem

# Threads that wait by spinning are in each other's way on a busy machine. Both are read when libraries are imported;
# torch counts its own threads, and the arrays of a song are too small for several.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

FOLDER = click.Path(path_type=Path)
MODELS = click.Choice(["resnet18", "resnet34"])
CRITERIA = click.Choice(["cross_entropy", "smooth_loss"])
OPTIMIZERS = click.Choice(["sdg", "sgd", "adam", "rmsprop"])
CHANGES = click.Choice(["none", "muffled", "quiet", "hissing"])


class Commands(click.Group):
    """What goes wrong in a known way is one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(str(problem)) from None


@click.group(cls=Commands)
def cli() -> None:
    """Music genres from spectrogram images."""


# ── data ──


@cli.command()
@click.option("--audio_path", type=FOLDER, required=True, help="The folder to make.")
@click.option("--songs", default=90, show_default=True, help="Of each genre.")
@click.option("--seed", default=1, show_default=True, help="Another one, other songs.")
@click.option("--change", type=CHANGES, default="none", help="What has happened to the recordings.")
def generate_audio(audio_path: Path, songs: int, seed: int, change: str) -> None:
    """Make songs, where there are none yet."""
    from genre_classification.audio import make_songs

    made = make_songs(audio_path, songs, seed, change)
    click.echo(f"{made} songs made in {audio_path}" if made else f"{audio_path} is there, and kept as it is")


@cli.command()
@click.option("--path_with_audios_dir", type=FOLDER, required=True)
@click.option("--path_to_image", type=FOLDER, default="Image_data", show_default=True)
def create_image_features_from_audio(path_with_audios_dir: Path, path_to_image: Path) -> None:
    """Make spectrogram images of songs."""
    from genre_classification.features import make_images

    click.echo(f"{make_images(path_with_audios_dir, path_to_image)} images in {path_to_image}")


# ── model ──


def training_options(command: Any) -> Any:
    for option in reversed(
        [
            click.option("--model", type=MODELS, required=True),
            click.option("--criterion", type=CRITERIA, required=True),
            click.option("--optimizer", type=OPTIMIZERS, required=True, help="sdg and sgd: the same."),
            click.option("--checkpoints_path", type=FOLDER, required=True, help="Where the model is kept."),
            click.option("--save", type=bool, default=True, show_default=True, help="Keep the model."),
            click.option("--num_epoch", default=6, show_default=True),
            click.option("--path_to_save_metric", type=FOLDER, default="metrics.json", show_default=True),
        ]
    ):
        command = option(command)
    return command


def _train(images: Path, checkpoints_path: Path, num_epoch: int, path_to_save_metric: Path, **given: Any) -> None:
    from genre_classification.files import write_json
    from genre_classification.training import train

    metrics = train(**given, checkpoints=checkpoints_path, images=images, epochs=num_epoch, say=click.echo)
    write_json(path_to_save_metric, metrics)
    click.echo(f"test accuracy {metrics['accuracy']:.3f} on {metrics['images']} images; {path_to_save_metric}")


@cli.command()
@training_options
@click.option("--images_path", type=FOLDER, required=True, help="Folders of images, one for each genre.")
def train_using_image_features(images_path: Path, **given: Any) -> None:
    """Train on images."""
    _train(images_path, **given)


@cli.command()
@training_options
@click.option("--audio_paths", type=FOLDER, required=True, help="Folders of songs, one for each genre.")
@click.option("--save_images_path", type=FOLDER, required=True, help="Where the images are kept.")
def train_using_original_audios(audio_paths: Path, save_images_path: Path, **given: Any) -> None:
    """Make the images, then train on them."""
    from genre_classification.features import make_images

    make_images(audio_paths, save_images_path)
    _train(save_images_path, **given)


# ── evaluation ──


@cli.command()
@click.option("--model", type=MODELS, required=True)
@click.option("--checkpoints_path", type=FOLDER, required=True)
@click.option("--images_path", type=FOLDER, required=True)
@click.option("--run", required=True, help="The name of this run in the history.")
@click.option("--history", type=FOLDER, default="metrics/history.jsonl", show_default=True)
@click.option("--report", type=FOLDER, required=True, help="Where the findings go, alarms among them.")
def evaluate(model: str, checkpoints_path: Path, images_path: Path, run: str, history: Path, report: Path) -> None:
    """Measure a kept model on the test songs, and compare it with earlier runs."""
    from genre_classification import history as histories
    from genre_classification.dataset import load_images
    from genre_classification.files import write_json
    from genre_classification.training import load, measure

    trained = load(checkpoints_path, model)
    metrics = measure(trained, load_images(images_path, trained.classes).part("test"))
    number, alarms = histories.record(history, run, metrics)
    write_json(report, {"run": run, "metrics": metrics, "alarms": alarms})
    figures = ", ".join(f"{name} {metrics[name]:.3f}" for name in ("accuracy", "precision", "recall", "fscore"))
    click.echo(f"run {number} of the history: {figures}")
    _say_alarms(alarms)


@cli.command()
@click.option("--model", type=MODELS, required=True)
@click.option("--checkpoints_path", type=FOLDER, required=True)
@click.option("--images_path", type=FOLDER, required=True, help="Images of the new songs.")
@click.option("--report", type=FOLDER, required=True, help="Where the findings go, alarms among them.")
def watch(model: str, checkpoints_path: Path, images_path: Path, report: Path) -> None:
    """Compare new songs with those of the training: has the input drifted, does the model still know them?"""
    from genre_classification import drift
    from genre_classification.dataset import load_images
    from genre_classification.files import read_json, write_json
    from genre_classification.training import load, measure, reference_of

    trained, reference = load(checkpoints_path, model), read_json(reference_of(checkpoints_path, model))
    new = load_images(images_path, trained.classes)
    rows = drift.compare(reference["features"], drift.features(new.pixels))
    metrics = measure(trained, new)
    alarms = drift.alarms(rows, reference["accuracy"], metrics["accuracy"], metrics["images"])
    write_json(report, {"images": str(images_path), "features": rows, "metrics": metrics, "alarms": alarms})
    for row in rows:
        mark = "  DRIFTED" if row["drifted"] else ""
        was, now, unit = row["training_median"], row["new_median"], row["unit"]
        click.echo(f"{row['feature']:<12}{was:>8} -> {now:>8} {unit:<12} distance {row['distance']:.3f}{mark}")
    click.echo(f"accuracy on {metrics['images']} new images: {metrics['accuracy']:.3f}")
    _say_alarms(alarms)


def _say_alarms(alarms: list[str]) -> None:
    for alarm in alarms:
        click.echo(f"ALARM: {alarm}")


# ── versions ──


@cli.command()
@click.option("--workspace", type=FOLDER, required=True, help="A Git and DVC repository of its own; made if absent.")
@click.option("--remote", required=True, help="Where DVC keeps files: a folder, or an address such as s3://…")
def prepare_workspace(workspace: Path, remote: str) -> None:
    """Make the folder that all other commands run in."""
    from genre_classification import versions

    click.echo(f"workspace {workspace} at {versions.prepare(workspace, remote)}, remote {remote}")


@cli.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--message", required=True)
def version(paths: tuple[str, ...], message: str) -> None:
    """Give PATHS to DVC and its remote, and commit what they are now."""
    from genre_classification import versions

    here = Path.cwd()
    versions.add_and_push(here, list(paths))
    folders = {str(Path(path).parent / ".gitignore") for path in paths}
    at = versions.commit(here, message, [*(f"{path}.dvc" for path in paths), *sorted(folders)])
    click.echo(f"{', '.join(paths)}: version {at}")


@cli.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--message", required=True)
@click.option("--tag", help="A name for this version.")
def commit(paths: tuple[str, ...], message: str, tag: str | None) -> None:
    """Commit PATHS as they are."""
    from genre_classification import versions

    click.echo(f"version {versions.commit(Path.cwd(), message, list(paths), tag)}{f', {tag}' if tag else ''}")


@cli.command()
@click.argument("paths", nargs=-1)
def pull(paths: tuple[str, ...]) -> None:
    """Get what a version holds (all, or PATHS) from the remote."""
    from genre_classification import versions

    versions.pull(Path.cwd(), list(paths))
    click.echo("pulled")


if __name__ == "__main__":
    cli()
