"""After a run: does what it left on disk hold? One sentence, and exit code 0 or 1.

python verify.py RESULT.json …   (what `venturi run --json` printed, for each run)
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
DATA = Path(os.environ.get("GENRES_DATA", PROJECT / "data"))
MARGIN_MIN = 0.30  # above chance, on songs that were not trained on

os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])


def wrong(sentence):
    print(sentence)
    sys.exit(1)


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        wrong(f"'{' '.join(command)}' failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout.strip()


def measured(checkpoints, images):
    from genre_classification.dataset import load_images
    from genre_classification.training import load, measure

    trained = load(checkpoints, "resnet18")
    return measure(trained, load_images(images, trained.classes).part("test"))


def pulled_anew(workspace, images):
    """The measurements of the model that a fresh clone gets from the remote, and the version's name."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "a" / "clone"
        run(workspace, "git", "clone", "--quiet", str(workspace), str(clone))
        run(clone, "dvc", "remote", "modify", "--local", "storage", "url", str(workspace.parent / "remote"))
        run(clone, "dvc", "pull", "--quiet", "checkpoints/resnet18_checkpoint.pt.dvc")
        return measured(clone / "checkpoints", images), run(clone, "git", "rev-parse", "--short", "HEAD")


def python_approach(result):
    workspace = DATA / "python" / "workspace"
    images = workspace / "Data" / "images_original"
    here = measured(workspace / "checkpoints", images)
    chance = 1 / len(here["classes"])
    if here["accuracy"] < chance + MARGIN_MIN:
        wrong(f"Test accuracy is {here['accuracy']:.2f}: less than {MARGIN_MIN:.2f} above chance ({chance:.2f}).")
    anew, version = pulled_anew(workspace, images)
    if anew["confusion"] != here["confusion"]:
        wrong("The model that a fresh clone pulls is not the model that was trained.")
    history = [json.loads(line) for line in (workspace / "metrics" / "history.jsonl").read_text().splitlines()]
    if history[-1]["run"] != result["run_id"] or history[-1]["accuracy"] != here["accuracy"]:
        wrong(f"The last entry of the history is that of {history[-1]['run']}, not of this run.")
    drift = json.loads(sorted(workspace.glob("reports/*/drift.json"))[-1].read_text())
    return (
        f"ResNet-18 knows {here['accuracy']:.2f} of {here['images']} test songs, {here['accuracy'] - chance:.2f} above "
        f"chance ({MARGIN_MIN:.2f} asked); version {version} pulled into a fresh clone does the same; run "
        f"{len(history)} of the history; {drift['metrics']['images']} new songs: {drift['metrics']['accuracy']:.2f}, "
        f"{sum(row['drifted'] for row in drift['features'])} of {len(drift['features'])} features drifted."
    )


def docker_approach():
    workspace = DATA / "docker" / "workspace"
    here = measured(workspace / "checkpoints", workspace / "Data" / "images_original")
    anew, version = pulled_anew(workspace, workspace / "Data" / "images_original")
    if anew["confusion"] != here["confusion"]:
        wrong("The model that a fresh clone pulls is not the model that the containers have trained.")
    return f"In containers: {here['accuracy']:.2f} of {here['images']} test songs, version {version}."


def main(files):
    said = []
    for result in [json.loads(Path(file).read_text()) for file in files]:
        said.append(docker_approach() if result["dag_id"] == "genres_docker" else python_approach(result))
    print(" ".join(said) or "No run was given.")
    return int(not said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
