"""DeBERTa over packed tokens beside transformers, one sequence at a time."""

import pytest

torch = pytest.importorskip("torch")
hf = pytest.importorskip("transformers")

from tamis.errors import ModelError  # noqa: E402
from tamis.score.nets.deberta import Deberta, Distances  # noqa: E402

from ..tiny_files import randomise  # noqa: E402

CONFIG = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_buckets": 32,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": "p2c|c2p",
    "position_biased_input": False,
    "num_labels": 1,
}
VARIANTS = {
    "keys of its own": {"share_att_key": False},
    "content to distance": {"pos_att_type": ["c2p"]},
    "distance to content": {"pos_att_type": ["p2c"], "share_att_key": False},
    "every distance by itself": {"position_buckets": -1, "max_relative_positions": 60},
    "distances not normed": {"norm_rel_ebd": "none"},
    "no distances": {"relative_attention": False, "pos_att_type": None},
    "places": {"position_biased_input": True},
    "token types": {"type_vocab_size": 2, "num_labels": 2},
}


@pytest.mark.parametrize("attention", ["sequences", "padded"])
def test_logits_equal_those_of_transformers(attention, tiny_model, both_logits):
    found = both_logits(tiny_model("deberta"), attention)
    torch.testing.assert_close(found.ours, found.theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_equal_transformers(variant, tmp_path, both_logits):
    model = hf.DebertaV2ForSequenceClassification(hf.DebertaV2Config(**(CONFIG | VARIANTS[variant])))
    randomise(model, 2)
    model.save_pretrained(tmp_path)
    found = both_logits(tmp_path, typed=variant == "token types")
    torch.testing.assert_close(found.ours, found.theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("buckets", "farthest"), [(32, 512), (256, 512), (8, 100), (-1, 60)])
def test_distances_fall_into_the_buckets_of_transformers(buckets, farthest):
    from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

    distances = Distances(buckets, farthest)
    like = torch.empty(1, 600, 1)
    theirs = build_relative_position(like, like, buckets, farthest)[0]
    rows = (theirs + distances.span).clamp(0, 2 * distances.span - 1)
    assert torch.equal(distances.rows(600, 600, torch.device("cpu")), rows)
    assert torch.equal(distances.rows(1, 600, torch.device("cpu")), rows[:1])


def test_a_convolution_is_refused():
    with pytest.raises(ModelError, match="conv_kernel_size"):
        Deberta(CONFIG | {"conv_kernel_size": 3})
