"""ModernBERT over packed tokens beside transformers, one sequence at a time."""

import pytest

torch = pytest.importorskip("torch")
hf = pytest.importorskip("transformers")

from tamis.errors import ModelError  # noqa: E402
from tamis.score.nets.modernbert import ModernBert, layer_types  # noqa: E402

from ..tiny_files import edit, randomise  # noqa: E402


@pytest.mark.parametrize("attention", ["sequences", "padded"])
@pytest.mark.parametrize("family", ["modernbert", "modernbert_cls"])
def test_logits_equal_those_of_transformers(family, attention, tiny_model, both_logits):
    found = both_logits(tiny_model(family), attention)
    torch.testing.assert_close(found.ours, found.theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("pooling", "last_is_local"), [("cls", True), ("mean", True), ("cls", False)])
def test_the_last_layer_may_look_nearby_or_everywhere(pooling, last_is_local, tmp_path, both_logits):
    kinds = ["full_attention", "sliding_attention", "sliding_attention", "full_attention"]
    config = hf.ModernBertConfig(
        vocab_size=100,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3 if last_is_local else 4,
        num_attention_heads=4,
        layer_types=kinds[: 3 if last_is_local else 4],
        local_attention=10,
        classifier_pooling=pooling,
        num_labels=2,
        **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 0),
    )
    model = hf.ModernBertForSequenceClassification(config)
    randomise(model, 1)
    model.save_pretrained(tmp_path)
    found = both_logits(tmp_path)
    torch.testing.assert_close(found.ours, found.theirs, atol=1e-5, rtol=0)


def test_the_window_moves_scores(tiny_model, both_logits, tmp_path):
    """Else the tests above would not see a window that is off by one."""
    folder = tiny_model("modernbert_cls")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    before = both_logits(folder).ours
    edit(tmp_path / "config.json", local_attention=18)
    moved = (both_logits(tmp_path).ours - before).abs()[:, 0]
    assert moved[1] > 1e-2  # 300 tokens
    assert moved[0] < 1e-5  # 5 tokens, all of them near


def test_layers_follow_either_form_of_config():
    old = {"num_hidden_layers": 5, "global_attn_every_n_layers": 2}
    assert layer_types(old) == [hf_kind for _ in range(3) for hf_kind in ("full_attention", "sliding_attention")][:5]
    assert layer_types({"layer_types": ["sliding_attention"], "num_hidden_layers": 1}) == ["sliding_attention"]


def test_another_pooling_is_refused():
    with pytest.raises(ModelError, match="pooling 'max' is not implemented"):
        ModernBert({"classifier_pooling": "max"})
