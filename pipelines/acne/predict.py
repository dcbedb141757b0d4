"""Names what is on a picture, by the model in use.

python predict.py PICTURE        labels and scores, the most likely first
"""

import json
import os
import sys
import threading
from pathlib import Path

from img_processing.pictures import as_input, open_picture
from settings import GRAPH, LABELS, METRICS, PipelineError, current_model

_LOCK = threading.Lock()
_in_use = None


class Classifier:
    """A model and its labels, read from their folder."""

    def __init__(self, folder):
        os.environ.setdefault("KERAS_BACKEND", "torch")
        import keras
        import torch

        torch.set_num_threads(1)  # one picture gives one thread little to do
        self.stamp = folder.name
        try:
            self.labels = (folder / LABELS).read_text().split()
            self.figures = json.loads((folder / METRICS).read_text())
            self._model = keras.models.load_model(folder / GRAPH, compile=False)
        except (OSError, ValueError) as error:
            raise PipelineError(f"The model in {folder} cannot be read ({error}): train it again.") from error

    def predict(self, picture):
        """`[(label, score)]` of a picture, a file or bytes; the most likely first."""
        if isinstance(picture, (bytes, str, Path)):
            picture = open_picture(picture)
        with _LOCK:
            scores = self._model(as_input(picture)[None], training=False)[0].detach().numpy()
        return sorted(zip(self.labels, scores.astype(float).tolist(), strict=True), key=lambda pair: -pair[1])


def classifier():
    """The model in use; read again only when another one has taken its place."""
    global _in_use
    folder = current_model()
    if _in_use is None or _in_use.stamp != folder.name:
        _in_use = Classifier(folder)
    return _in_use


def main(arguments):
    if len(arguments) != 1:
        return "python predict.py PICTURE"
    try:
        # Opened first: what is wrong with the picture need not wait for the model.
        picture = open_picture(arguments[0])
        model = classifier()
        scores = model.predict(picture)
    except PipelineError as problem:
        return str(problem)
    print(f"{'label':<24}score    (model {model.stamp}, right on {model.figures['accuracy']:.0%} of unseen pictures)")
    for label, score in scores:
        print(f"{label:<24}{score:6.1%}  {'▇' * round(score * 30)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
