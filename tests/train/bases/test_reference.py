"""Training computes what others' models compute: in train mode without dropout, on one batch, the loss and the gradient
of every parameter equal those of transformers' and sentence-transformers' models to 1e-4, for each family."""

from __future__ import annotations

import pytest
import torch
import transformers as hf

from tamis.data import Example
from tamis.train.losses.base import Targets, mean_loss
from tamis.train.losses.listwise import Softmax

from ..rules import learnable, pairs
from ..runs import encoder, gradients, reranker, step_of

pytest.importorskip("sentence_transformers")

CLASSIFIERS = ("bert", "electra", "roberta", "modernbert", "modernbert_cls", "deberta")
SLOW = ("xlm_roberta", "qwen3_classifier", "bert_two_labels", "qwen2_classifier")
PADS = 151643  # Qwen3's <|endoftext|>
LISTS = [  # of several lengths, in lists of several lengths
    *learnable(2, 3, documents=3),
    Example("what is a tamis?", ("a drum sieve " * 9, "rain fell"), (1.0, 0.0)),
    Example("loan", ("river", "the table of a house and a door " * 4, "milk", "bread"), (0.0, 2.0, 1.0, 0.0)),
]
WIDTHS = [len(one.documents) for one in LISTS]


def ours(folder):
    start = reranker(folder)
    return start, *step_of(start, LISTS, Softmax())


def loss_of(scores):
    """The same loss of scores in the lists' order."""
    shape = (len(LISTS), max(WIDTHS))
    table, labels, real = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    for row, (part, one) in enumerate(zip(torch.split(scores, WIDTHS), LISTS, strict=True)):
        table[row, : len(part)], labels[row, : len(part)] = part, torch.tensor(one.labels)
        real[row, : len(part)] = True
    return mean_loss(Softmax(), table, Targets(labels, real))


def same(found, expected):
    assert set(found) == set(expected)
    for name, theirs in expected.items():
        scale = max(1.0, float(theirs.abs().max()))
        torch.testing.assert_close(found[name], theirs, atol=1e-4 * scale, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("family", [*CLASSIFIERS, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_a_classifier_learns_as_transformers_would(family, still_model):
    folder = still_model(family)
    start, loss, found = ours(folder)
    model = hf.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).train()
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    if start.row.network == "decoder":  # as its folder asks: by the template
        read = padded([one.ids for one in start.template.encode(pairs(LISTS))], model.config.pad_token_id)
    else:
        asked = [one.query for one in LISTS for _ in one.documents]
        read = tokenizer(asked, [text for one in LISTS for text in one.documents], padding=True, return_tensors="pt")
    logits = model(**read).logits
    expected = loss_of(logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0])
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-5)
    names = start._whole({name: name for name in found})
    same({theirs: found[our] for theirs, our in names.items()}, gradients(model))


def padded(ids, pad):
    rows = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in ids], batch_first=True, padding_value=pad)
    lengths = torch.tensor([len(one) for one in ids])
    return {"input_ids": rows, "attention_mask": (torch.arange(rows.shape[1]) < lengths[:, None]).long()}


@pytest.mark.parametrize("family", ["qwen3", pytest.param("qwen3_untied", marks=pytest.mark.slow)])
def test_a_causal_model_learns_as_transformers_would(family, still_model):
    """The logit of "yes" less that of "no" behind the last token of the official prompt."""
    folder = still_model(family)
    start, loss, found = ours(folder)
    model = hf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    ids = [one.ids for one in start.template.encode(pairs(LISTS))]
    last = torch.tensor([len(one) for one in ids]) - 1
    states = model.model(**padded(ids, PADS)).last_hidden_state[torch.arange(len(ids)), last]
    logits = model.lm_head(states)
    expected = loss_of(logits[:, 9693] - logits[:, 2152])
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-5)
    theirs = gradients(model)
    if (rows := theirs.pop("lm_head.weight", None)) is not None:
        others = torch.ones(len(rows), dtype=torch.bool)
        others[[2152, 9693]] = False
        assert rows[others].abs().max() == 0
        theirs["head.score.weight"] = rows[[2152, 9693]]
    same({name.replace("body.", "model."): slope for name, slope in found.items()}, theirs)


def test_a_head_of_modules_learns_as_sentence_transformers_would(still_model):
    from sentence_transformers import CrossEncoder

    folder = still_model("ettin")
    _, loss, found = ours(folder)
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True).train()
    read = model.preprocess([(query.text, document.text) for query, document in pairs(LISTS)])
    expected = loss_of(model(read)["scores"][:, 0])
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-5)
    same(
        {name.replace("body.", "0.model.").replace("head.", ""): slope for name, slope in found.items()},
        gradients(model),
    )


@pytest.mark.parametrize(
    "family",
    ["bi_bert", "bi_modernbert", *(pytest.param(n, marks=pytest.mark.slow) for n in ("bi_roberta", "bi_qwen3"))],
)
def test_an_encoder_learns_as_with_multiple_negatives_ranking_loss(family, still_model):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    folder = still_model(family)
    lists = [Example(f"{word} now", (f"{word} then", f"no {word} " * 4), (1.0, 0.0)) for word in ("cat", "tree", "sea")]
    start = encoder(folder)
    loss, found = step_of(start, lists, Softmax())
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).train()
    prefixes = start.template.prefixes
    columns = (
        [prefixes.query + one.query for one in lists],
        *([prefixes.document + one.documents[at] for one in lists] for at in (0, 1)),
    )
    expected = MultipleNegativesRankingLoss(model, scale=20.0)([model.preprocess(texts) for texts in columns], None)
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-5)
    if family == "bi_qwen3":  # the token behind each text is the one that pads, whose vector transformers never trains
        assert found["body.embed_tokens.weight"][PADS].abs().max() > 1e-3
        found["body.embed_tokens.weight"][PADS] = 0.0
    names = {name: name.replace("body.", "0.model.").replace("head.", "") for name in found}
    same({names[name]: slope for name, slope in found.items()}, gradients(model))
