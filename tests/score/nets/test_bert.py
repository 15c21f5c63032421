"""BERT and its family over packed tokens beside transformers, one sequence at a time."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tamis.errors import ModelError  # noqa: E402
from tamis.score.nets.bert import Bert  # noqa: E402


@pytest.mark.parametrize("attention", ["sequences", "padded"])
@pytest.mark.parametrize("family", ["bert", "bert_two_labels", "electra", "xlm_roberta", "roberta"])
def test_logits_equal_those_of_transformers(family, attention, tiny_model, both_logits):
    found = both_logits(tiny_model(family), attention, typed=family in ("bert", "bert_two_labels", "electra"))
    torch.testing.assert_close(found.ours, found.theirs, atol=1e-5, rtol=0)


def test_relative_positions_are_refused():
    with pytest.raises(ModelError, match="position_embedding_type 'relative_key' is not implemented"):
        Bert({"position_embedding_type": "relative_key"})
