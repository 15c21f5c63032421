"""tamis in LlamaIndex: real indexes, query engines and events of llama-index-core."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

pytest.importorskip("llama_index.core", reason='needs pip install "tamis[llama-index]" (scripts/frameworks has it)')

from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import IndexNode, MetadataMode, NodeWithScore, TextNode

from tamis.errors import InputError, PolicyMismatch
from tamis.integrations.llama_index import TamisRerank

from .numbered import CALIBRATION, Numbered, policy, policy_of_mini, probability, saved

TEXTS = ["今天下雨", "退货需在七天内申请", "It rained all day.", "A tamis is a fine drum sieve for soups."]


def nodes(*texts, **metadata):
    return [NodeWithScore(node=TextNode(id_="same", text=text, metadata=dict(metadata)), score=0.25) for text in texts]


def contents(found):
    return [node.text for node in found]


@pytest.fixture(scope="module")
def index():
    made = [TextNode(text=text, metadata={"page": at}) for at, text in enumerate(TEXTS)]
    return VectorStoreIndex(made, embed_model=MockEmbedding(embed_dim=8))


@pytest.mark.parametrize(("query", "best"), [("如何退货", TEXTS[1]), ("what sieves soup?", TEXTS[3])])
def test_in_a_query_engine(index, query, best):
    engine = RetrieverQueryEngine.from_args(
        index.as_retriever(similarity_top_k=4), llm=MockLLM(), node_postprocessors=[TamisRerank(top_n=1)]
    )
    for answer in (engine.query(query), asyncio.run(engine.aquery(query))):
        assert contents(answer.source_nodes) == [best]
        assert best in str(answer)  # the model without a mind says its prompt
        assert "page: " in str(answer) and "tamis" not in str(answer).replace(best, "")


def test_a_policy_may_reject_all(index, tmp_path):
    file = saved(policy_of_mini(1e9), tmp_path / "policy.json")
    engine = index.as_query_engine(llm=MockLLM(), similarity_top_k=4, node_postprocessors=[TamisRerank(policy=file)])
    assert engine.query("如何退货").source_nodes == []


def test_the_score_is_the_logit_where_nothing_is_calibrated():
    (found,) = TamisRerank(Numbered()).postprocess_nodes(nodes("2 a"), query_str="q")
    assert found.score == 2.0
    assert found.metadata == {"tamis_score": 2.0, "tamis_probability": None}


@pytest.mark.parametrize("options", [{"calibration": CALIBRATION}, {"policy": policy(0.5, calibration=CALIBRATION)}])
def test_the_score_is_the_probability_where_there_is_one(options):
    (found,) = TamisRerank(Numbered(), **options).postprocess_nodes(nodes("2 a"), query_str="q")
    assert found.score == probability(2.0)
    assert found.metadata == {"tamis_score": 2.0, "tamis_probability": probability(2.0)}


def test_nodes_of_one_id_all_come_back_and_those_given_stay_as_they_were():
    given = nodes("1 a", "2 b", "1 a")
    before = [node.model_copy(deep=True) for node in given]
    found = TamisRerank(Numbered(), keep_retrieval_score=True).postprocess_nodes(given, query_str="q")
    assert contents(found) == ["2 b", "1 a", "1 a"]
    assert [node.node_id for node in found] == ["same"] * 3
    assert given == before
    assert found[0].metadata["retrieval_score"] == 0.25


def test_models_do_not_read_scores_and_a_second_reranking_gives_the_same():
    first = TamisRerank(keep_retrieval_score=True).postprocess_nodes(nodes(*TEXTS, page=7), query_str="如何退货")
    again = TamisRerank(keep_retrieval_score=True).postprocess_nodes(first, query_str="如何退货")
    assert [node.score for node in again] == [node.score for node in first]
    for mode in (MetadataMode.EMBED, MetadataMode.LLM):
        assert again[0].get_content(mode) == f"page: 7\n\n{TEXTS[1]}"
    assert again[0].node.excluded_llm_metadata_keys == ["tamis_score", "tamis_probability", "retrieval_score"]


def test_metadata_that_an_embedding_reads_count_and_the_others_do_not():
    scorer = Numbered()
    node = TextNode(text="a", metadata={"2": "x", "secret": "y"}, excluded_embed_metadata_keys=["secret"])
    node.metadata_template = "{key} {value}"
    TamisRerank(scorer).postprocess_nodes([NodeWithScore(node=node)], query_str="q")
    assert [document.text for _, document in scorer.seen] == ["2 x\n\na"]


def test_other_kinds_of_nodes_stay_what_they_are():
    node = IndexNode(text="2 a", index_id="elsewhere")
    (found,) = TamisRerank(Numbered()).postprocess_nodes([NodeWithScore(node=node)], query_str="q")
    assert isinstance(found.node, IndexNode) and found.node.index_id == "elsewhere"


class Heard(BaseEventHandler):
    """Every event of a reranking."""

    events: list

    def handle(self, event, **_):
        if isinstance(event, ReRankStartEvent | ReRankEndEvent):
            self.events.append(event)


@pytest.fixture
def heard():
    handler, root = Heard(events=[]), get_dispatcher()
    root.add_event_handler(handler)
    yield handler.events
    root.event_handlers.remove(handler)


def test_events_tell_when_it_began_and_ended(heard):
    TamisRerank(Numbered()).postprocess_nodes(nodes("1 a", "2 b"), query_str="q")
    TamisRerank("tamis-mini", top_n=1).postprocess_nodes(nodes("1 a", "2 b"), query_str="q")
    begun, ended, second, last = heard
    assert (begun.query.query_str, begun.top_n, begun.model_name) == ("q", 2, "numbered")
    assert contents(begun.nodes) == ["1 a", "2 b"] and contents(ended.nodes) == ["2 b", "1 a"]
    assert (second.top_n, second.model_name, len(last.nodes)) == (1, "tamis-mini", 1)


def test_an_empty_list_needs_no_model(heard):
    assert TamisRerank("no-such-model").postprocess_nodes([], query_str="q") == []
    assert heard == []


def test_the_asynchronous_method_leaves_the_event_loop_alone():
    scorer = Numbered()
    found = asyncio.run(TamisRerank(scorer).apostprocess_nodes(nodes("1 a", "2 b"), query_str="q"))
    assert contents(found) == ["2 b", "1 a"]
    assert threading.main_thread() not in scorer.threads


def test_a_wrong_option_is_an_input_error():
    with pytest.raises(InputError, match="top_n must be None"):
        TamisRerank(top_n=0)
    with pytest.raises(InputError, match="model must be"):
        TamisRerank(3)
    with pytest.raises(TypeError, match="topn"):
        TamisRerank(topn=3)
    with pytest.raises(InputError, match="needs the query"):
        TamisRerank().postprocess_nodes(nodes("a"))
    with pytest.raises(InputError, match="the query is empty"):
        TamisRerank().postprocess_nodes(nodes("a"), query_str="")
    with pytest.raises(PolicyMismatch):
        TamisRerank(policy=policy()).postprocess_nodes(nodes("a"), query_str="q")


def test_options_can_be_set_later():
    made = TamisRerank(Numbered())
    made.postprocess_nodes(nodes("1 a"), query_str="q")
    made.policy, made.top_n = policy(1.5), 1
    assert contents(made.postprocess_nodes(nodes("1 a", "2 b", "3 c"), query_str="q")) == ["3 c"]


@pytest.mark.parametrize("chosen", ["object", "file"])
def test_it_is_written_down_and_made_again(chosen, tmp_path):
    made_policy = policy_of_mini(-9.0)
    given = made_policy if chosen == "object" else saved(made_policy, tmp_path / "policy.json")
    made = TamisRerank(policy=given, top_n=1, keep_retrieval_score=True)
    again = TamisRerank.from_json(made.to_json())
    assert again.to_dict() == made.to_dict() and made.to_dict()["class_name"] == "TamisRerank"
    assert contents(again.postprocess_nodes(nodes(*TEXTS), query_str="如何退货")) == [TEXTS[1]]
    with pytest.raises(InputError, match="cannot be written down"):
        TamisRerank(Numbered()).to_dict()


def test_it_is_pickled_after_use():
    made = TamisRerank(policy=policy_of_mini(-9.0), top_n=1)
    expected = made.postprocess_nodes(nodes(*TEXTS), query_str="如何退货")
    again = pickle.loads(pickle.dumps(made))
    assert again.postprocess_nodes(nodes(*TEXTS), query_str="如何退货") == expected
