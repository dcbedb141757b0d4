"""Opens pictures, wherever they come from, and makes them what the model sees."""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from settings import PIXELS, PipelineError

SIDE_MIN, PIXELS_MAX = 32, 50_000_000


class NotAPicture(PipelineError):
    """What was given cannot be opened as a picture."""


def open_picture(source, called=None):
    """The picture in a file or in bytes, upright and in RGB."""
    name = called or ("This" if isinstance(source, bytes) else str(source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
        if picture.width * picture.height > PIXELS_MAX:
            raise NotAPicture(f"{name} is too large: {picture.width} x {picture.height}, at most 50 megapixels.")
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    except FileNotFoundError:
        raise NotAPicture(f"There is no file {name}.") from None
    except IsADirectoryError:
        raise NotAPicture(f"{name} is a folder, not a picture.") from None
    except UnidentifiedImageError:
        raise NotAPicture(f"{name} is not a picture that can be read (JPEG, PNG and WebP can).") from None
    except Image.DecompressionBombError:
        raise NotAPicture(f"{name} is too large: at most 50 megapixels.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPicture(f"{name} is broken: {error}.") from None
    if min(picture.size) < SIDE_MIN:
        raise NotAPicture(f"{name} is too small: {picture.width} x {picture.height}, at least {SIDE_MIN} a side.")
    return picture


def as_input(picture):
    """What the model sees of it: a square around the middle, less the tone and the light of the whole.

    Skin has every tone; what is on it stands out against it.
    """
    square = ImageOps.fit(picture, (PIXELS, PIXELS), Image.Resampling.BILINEAR)
    values = np.asarray(square, "float32")
    return (values - values.mean(axis=(0, 1))) / (values.std() + 1)
