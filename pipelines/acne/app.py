"""The app for people: what the model is worth, what it says of pictures it has never seen, and of yours.

streamlit run app.py        then http://localhost:8501
"""

import csv
import json
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

import venturi_verbs
from img_processing.pictures import open_picture
from predict import Classifier
from settings import METRICS, PipelineError, current_model, dataset, model_folders

PAGES = ("Home", "Built-In Examples", "Upload your custom Image")
EXAMPLES_PER_CLASS = 4
ACCENT = "#c8564c"

st.set_page_config("Acne type classification", "🔬", layout="centered")


@st.cache_resource(show_spinner="Reading the model ...", max_entries=2)
def model_of(folder):
    return Classifier(Path(folder))


@st.cache_data
def said_of(folder, path):
    return model_of(folder).predict(Path(path))


def main():
    asked = st.query_params.get("page")
    with st.sidebar:
        st.markdown("### Acne type classification")
        page = st.radio("Page", PAGES, index=PAGES.index(asked) if asked in PAGES else 0, key="page")
        st.caption("Not a medical device. As it comes, the model has seen drawings alone.")
    try:
        folder = current_model()
    except PipelineError:
        folder = None
    {PAGES[0]: home, PAGES[1]: examples, PAGES[2]: upload}[page](folder)


def home(folder):
    st.title("What kind of acne is it?")
    st.markdown(
        "A small convolutional network (MobileNet) learns from scraped pictures of acne and rosacea, is judged on "
        "pictures that it has not seen, and is kept in S3, one version for each training."
    )
    if folder is None:
        no_model()
    else:
        figures = json.loads((folder / METRICS).read_text())
        card(figures)
        by_class(figures)
    trainings()


def card(figures):
    low, high = figures["between"]
    right, guessing, size, tested = st.columns(4)
    right.metric(
        "Named right", f"{figures['accuracy']:.0%}", help=f"19 times out of 20 between {low:.0%} and {high:.0%}"
    )
    guessing.metric("By guessing", f"{figures['chance']:.0%}")
    size.metric("Size", f"{figures['size_bytes'] / 1e3:.0f} kB", help=f"{figures['parameters']:,} weights")
    tested.metric("Tested on", f"{figures['test_pictures']}", help="pictures that it has not learned from")
    weights = figures["weights"].partition(" (")[0].rstrip(".")
    st.caption(f"Model {figures['stamp']}, trained {figures['trained_at']}. {weights}.")


def by_class(figures):
    st.subheader("Where it is right, and what it mistakes")
    labels = figures["labels"]
    rows = [
        {"on the picture": is_, "the model says": said, "pictures": n, "share": n / max(1, sum(row))}
        for is_, row in zip(labels, figures["confusion"], strict=True)
        for said, n in zip(labels, row, strict=True)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("the model says:N", sort=labels, axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("on the picture:N", sort=labels),
    )
    scale = alt.Scale(domain=[0, 1], range=["#00000000", ACCENT])
    tiles = base.mark_rect(cornerRadius=4).encode(color=alt.Color("share:Q", scale=scale, legend=None))
    numbers = base.transform_filter("datum.pictures > 0").mark_text(fontSize=14, fontWeight=600)
    colour = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("gray"))
    st.altair_chart((tiles + numbers.encode(text="pictures:Q", color=colour)).properties(height=330), width="stretch")


def trainings():
    st.subheader("Trainings")
    told = [json.loads((folder / METRICS).read_text()) for folder in reversed(model_folders())]
    if told:
        rows = [
            {
                "model": one["stamp"],
                "named right": one["accuracy"] * 100,
                "size, kB": one["size_bytes"] / 1e3,
                "s": one["seconds"],
            }
            for one in told
        ]
        columns = {
            "named right": st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100),
            "size, kB": st.column_config.NumberColumn(format="%.0f"),
        }
        st.dataframe(pd.DataFrame(rows), column_config=columns, hide_index=True, width="stretch")
    start, look = st.columns(2)
    if start.button("Train again", type="primary", width="stretch", key="train"):
        answered(venturi_verbs.start_pipeline, "Started {run_id}.")
    if look.button("How is the newest run?", width="stretch", key="status"):
        answered(venturi_verbs.status, "{run_id}: {state}.")


def answered(ask, text):
    try:
        st.success(text.format_map(ask()))
    except PipelineError as problem:
        st.error(str(problem))


def examples(folder):
    st.title("Built-In Examples")
    if folder is None:
        no_model()
        return
    st.markdown(
        "Pictures of the test: the model has never learned from them. What they show is known, so it can be wrong."
    )
    shown = tests(folder)
    kind = st.selectbox("Kind", ["All kinds", *shown], key="kind")
    for label in shown if kind == "All kinds" else [kind]:
        st.markdown(f"##### {label}")
        for column, path in zip(st.columns(EXAMPLES_PER_CLASS), shown[label], strict=False):
            said, sure = said_of(str(folder), path)[0]
            column.image(open_picture(path), width="stretch")
            mark = ":green[✓]" if said == label else ":red[✗]"
            column.markdown(f"{mark} {said}  \n**{sure:.0%}**")


@st.cache_data
def tests(folder):
    """`{label: [path]}`"""
    try:
        with open(dataset(folder.name) / "dataset.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "test" and Path(row["path"]).is_file()]
    except FileNotFoundError:
        rows = []
    found = {}
    for row in rows:
        found.setdefault(row["label"], []).append(row["path"])
    return {label: sorted(paths)[:EXAMPLES_PER_CLASS] for label, paths in sorted(found.items())}


def upload(folder):
    st.title("Upload your custom Image")
    if folder is None:
        no_model()
        return
    given = st.file_uploader("A picture of skin: JPEG, PNG or WebP", key="upload")
    if given is None:
        st.info("It is looked at on this machine, and not kept.")
        return
    try:
        picture = open_picture(given.getvalue(), given.name)
    except PipelineError as problem:
        st.error(str(problem))
        return
    left, right = st.columns([2, 3], gap="large")
    left.image(picture, caption=given.name, width="stretch")
    scores = model_of(str(folder)).predict(picture)
    with right:
        st.metric("Most likely", scores[0][0], help="of the kinds that the model knows")
        bars(scores)
        if scores[0][1] < 0.5:
            st.warning("The model is not sure: no kind has half of its confidence.")


def bars(scores):
    rows = pd.DataFrame([{"kind": label, "confidence": score} for label, score in scores])
    base = alt.Chart(rows).encode(y=alt.Y("kind:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)))
    percent = alt.X("confidence:Q", axis=None, scale=alt.Scale(domain=[0, 1.18]))
    bar = base.mark_bar(cornerRadius=4, color=ACCENT).encode(x=percent)
    text = base.mark_text(align="left", dx=6, fontSize=13, color="gray")
    text = text.encode(x=percent, text=alt.Text("confidence:Q", format=".0%"))
    st.altair_chart((bar + text).properties(height=200), width="stretch")


def no_model():
    st.info("There is no model yet. Run the pipeline first: `venturi run dags/train_model.py`", icon="🧪")


main()
