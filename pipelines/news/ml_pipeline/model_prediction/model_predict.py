"""Files each article of a table under one of the labels, and writes the articles with their labels as JSON."""

import json
import logging
import os
from pathlib import Path

import click
import pandas as pd
from classifiers import ModelProblem, choose

LABELS = ["Crypto", "SEC", "Dividend", "Economics", "Oil or Gas", "IPO", "Politics", "Buffet", "Stock", "Other"]

log = logging.getLogger("model_predict")


def read_articles(path: str) -> pd.DataFrame:
    """A local file, or whatever fsspec reads (s3://…)."""
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise click.ClickException(f"There is no table {path}. The data loader writes it; run that first.") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise click.ClickException(f"{path} is no table of articles: {error}.") from None
    missing = {"id", "published", "title", "summary"} - set(table.columns)
    if missing:
        raise click.ClickException(
            f"{path} has no column {', '.join(sorted(missing))}; let the data loader write it anew."
        )
    return table


def as_json(table: pd.DataFrame) -> str:
    """Readable: one value a line, characters as they are."""
    return json.dumps(table.T.to_dict(), indent=2, ensure_ascii=False) + "\n"


def write_whole(path: str, text: str) -> None:
    """All of it or nothing. A path with a scheme (s3://…) is an object store's, which does that by itself."""
    if "://" in path:
        import fsspec

        with fsspec.open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


@click.command()
@click.option("--data_path", required=True, help="The table that the data loader has written.")
@click.option("--pred_path", required=True, help="Where the labels are written.")
@click.option("--model", envvar="NEWS_MODEL", default="auto", help="auto, embeddings, a model's name, or its folder.")
def model_predict(data_path: str, pred_path: str, model: str) -> None:
    """Give every article a label."""
    table = read_articles(data_path)
    log.info("%d articles in %s.", len(table), data_path)
    try:
        classifier = choose(model or "auto")
    except ModelProblem as problem:
        raise click.ClickException(str(problem)) from None
    log.info("The model is %s.", classifier.name)
    verdicts = classifier.classify((table["title"] + ". " + table["summary"]).tolist(), LABELS)
    table["label"] = [one.label for one in verdicts]
    table["score"] = [round(one.score, 3) for one in verdicts]
    table["model"] = classifier.name
    write_whole(pred_path, as_json(table))
    log.info("The labels are in %s.", pred_path)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for library in ("httpx", "sentence_transformers", "transformers"):
        logging.getLogger(library).setLevel(logging.WARNING)
    model_predict()
