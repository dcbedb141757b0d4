"""Obtains MobileNet's weights, trained on ImageNet by others, once; without them the training starts from scratch."""

import os

import requests

from settings import data, writing

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet"
CONNECT_S, READ_S = 5, 30
HDF5 = b"\x89HDF\r\n\x1a\n"


def pretrained_weights(alpha):
    """The file of the weights, or None; and one sentence about it, for the log.

    ACNE_WEIGHTS: `none`, a file, or the address of a folder that holds Keras's files. [default: where Keras has them]
    """
    wish = os.environ.get("ACNE_WEIGHTS") or ADDRESS
    if wish == "none":
        return None, "From scratch, as ACNE_WEIGHTS=none asks."
    if not wish.startswith(("http://", "https://")):
        if os.path.isfile(wish):
            return wish, f"From the weights in {wish}."
        return None, f"From scratch: ACNE_WEIGHTS names {wish}, and there is no such file."
    name = f"mobilenet_{ {0.25: '2_5', 0.5: '5_0', 0.75: '7_5', 1.0: '1_0'}[alpha] }_224_tf_no_top.h5"
    place = data() / "weights" / name
    if not place.is_file():
        why = _fetch(f"{wish.rstrip('/')}/{name}", place)
        if why:
            return None, f"From scratch: the weights trained on ImageNet cannot be had ({why})."
    return str(place), "From weights trained on ImageNet."


def _fetch(address, place):
    """Writes them to `place`; or says why not."""
    try:
        answer = requests.get(address, timeout=(CONNECT_S, READ_S))
    except requests.RequestException as error:
        return f"{address} does not answer: {type(error).__name__}"
    if answer.status_code != 200:
        return f"{address} answered {answer.status_code}"
    if not answer.content.startswith(HDF5):
        return f"{address} sent something else"
    with writing(place) as draft:
        draft.write_bytes(answer.content)
    return None
