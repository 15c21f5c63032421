"""tamis in LangChain: real chains of langchain-core and langchain-classic."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

pytest.importorskip("langchain_core", reason='needs pip install "tamis[langchain]" (scripts/frameworks has it)')

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

from tamis import Document as Doc
from tamis.errors import InputError, PolicyMismatch
from tamis.integrations.langchain import TamisRerank, TamisRetriever
from tamis.recall import Index

from .numbered import CALIBRATION, Numbered, policy, policy_of_mini, probability, saved

TEXTS = ["今天下雨", "退货需在七天内申请", "It rained all day.", "A tamis is a fine drum sieve for soups."]


def documents(*texts, **metadata):
    return [Document(text, id="same", metadata=dict(metadata)) for text in texts]


def contents(found):
    return [document.page_content for document in found]


@pytest.fixture(scope="module")
def base():
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    store.add_texts(TEXTS)
    return store.as_retriever(search_kwargs={"k": 4})


@pytest.fixture(scope="module")
def compressing(base):
    retrievers = pytest.importorskip("langchain_classic.retrievers", reason="needs pip install langchain-classic")
    return lambda reranker: retrievers.ContextualCompressionRetriever(base_compressor=reranker, base_retriever=base)


@pytest.mark.parametrize(("query", "best"), [("如何退货", TEXTS[1]), ("what sieves soup?", TEXTS[3])])
def test_in_a_contextual_compression_retriever(compressing, query, best):
    chain = compressing(TamisRerank(top_n=2))
    found = chain.invoke(query)
    assert len(found) == 2 and found[0].page_content == best
    assert found[0].metadata["relevance_score"] > found[1].metadata["relevance_score"]
    assert contents(asyncio.run(chain.ainvoke(query))) == contents(found)


def test_a_policy_may_reject_all(compressing, tmp_path):
    file = saved(policy_of_mini(1e9), tmp_path / "policy.json")
    assert compressing(TamisRerank(policy=file)).invoke("如何退货") == []


def test_in_a_chain_of_runnables(base):
    reranker = TamisRerank(top_n=1)
    rerank = RunnableLambda(lambda given: reranker.compress_documents(given["documents"], given["query"]))
    chain = {"documents": base, "query": RunnablePassthrough()} | rerank | contents
    assert chain.invoke("如何退货") == [TEXTS[1]]
    assert chain.batch(["如何退货", "what sieves soup?"]) == [[TEXTS[1]], [TEXTS[3]]]


def test_the_score_is_the_logit_where_nothing_is_calibrated():
    (found,) = TamisRerank(Numbered()).compress_documents(documents("2 a", page=7), "q")
    assert found.metadata == {"page": 7, "relevance_score": 2.0, "tamis_score": 2.0, "tamis_probability": None}


@pytest.mark.parametrize("options", [{"calibration": CALIBRATION}, {"policy": policy(0.5, calibration=CALIBRATION)}])
def test_the_score_is_the_probability_where_there_is_one(options):
    (found,) = TamisRerank(Numbered(), **options).compress_documents(documents("2 a"), "q")
    chance = probability(2.0)
    assert found.metadata == {"relevance_score": chance, "tamis_score": 2.0, "tamis_probability": chance}


def test_documents_of_one_id_all_come_back_and_those_given_stay_as_they_were():
    given = documents("1 a", "2 b", "1 a", page=7)
    before = [document.model_copy(deep=True) for document in given]
    found = TamisRerank(Numbered()).compress_documents(given, "q")
    assert contents(found) == ["2 b", "1 a", "1 a"]
    assert [document.id for document in found] == ["same"] * 3
    assert given == before


def test_an_empty_list_needs_no_model():
    assert TamisRerank("no-such-model").compress_documents([], "q") == []


def test_the_asynchronous_method_leaves_the_event_loop_alone():
    scorer = Numbered()
    found = asyncio.run(TamisRerank(scorer).acompress_documents(documents("1 a", "2 b"), "q"))
    assert contents(found) == ["2 b", "1 a"]
    assert threading.main_thread() not in scorer.threads


def test_a_wrong_option_is_an_input_error():
    with pytest.raises(InputError, match="top_n must be None"):
        TamisRerank(top_n=0)
    with pytest.raises(InputError, match="policy must be"):
        TamisRerank(policy=0.5)
    with pytest.raises(TypeError, match="topn"):
        TamisRerank(topn=3)
    with pytest.raises(InputError, match="the query is empty"):
        TamisRerank().compress_documents(documents("a"), " ")
    with pytest.raises(PolicyMismatch):
        TamisRerank(policy=policy()).compress_documents(documents("a"), "q")


def test_a_copy_with_another_policy_decides_by_it():
    first = TamisRerank(Numbered(), policy=policy(1.5))
    assert contents(first.compress_documents(documents("1 a", "2 b"), "q")) == ["2 b"]
    second = first.model_copy(update={"policy": policy(0.5), "top_n": 1})
    assert contents(second.compress_documents(documents("1 a", "1.2 b"), "q")) == ["1.2 b"]
    assert contents(first.compress_documents(documents("1 a", "2 b"), "q")) == ["2 b"]


def test_it_is_pickled_after_use():
    made = TamisRerank(policy=policy_of_mini(-9.0), top_n=1)
    expected = made.compress_documents(documents(*TEXTS), "如何退货")
    assert pickle.loads(pickle.dumps(made)).compress_documents(documents(*TEXTS), "如何退货") == expected


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    made = [Doc(f"d{at}", text, title="法" if at == 1 else "", fields={"at": at}) for at, text in enumerate(TEXTS)]
    return Index.build(made, tmp_path_factory.mktemp("index") / "i", encoder=None)


def test_a_retriever_recalls_reranks_and_tells_its_scores(index):
    (found,) = TamisRetriever(index, top_n=1, calibration="default").invoke("如何退货")
    told = found.metadata
    assert (found.id, found.page_content, told["title"], told["at"]) == ("d1", TEXTS[1], "法", 1)
    assert 0 < told["relevance_score"] == told["tamis_probability"] < 1


def test_a_retriever_answers_in_a_chain(index):
    prompt = ChatPromptTemplate.from_template("{context}\n{question}")
    retriever = TamisRetriever(index.path, top_n=1)
    seen = []
    context = retriever | (lambda found: seen.append(contents(found)) or "\n".join(contents(found)))
    model = FakeListChatModel(responses=["七天"])
    chain = {"context": context, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
    assert chain.invoke("如何退货") == asyncio.run(chain.ainvoke("如何退货")) == "七天"
    assert seen == [[TEXTS[1]]] * 2


def test_a_retriever_works_off_the_event_loop_and_tells_its_callbacks(index):
    class Ended(BaseCallbackHandler):
        found = None

        def on_retriever_end(self, documents, **told):
            self.found = contents(documents)

    class Threads(Numbered):
        def score(self, pairs):
            self.threads.add(threading.current_thread())
            return [float(len(document.text)) for _, document in pairs]

    scorer, ended = Threads(), Ended()
    asyncio.run(TamisRetriever(index, model=scorer).ainvoke("drum sieve", config={"callbacks": [ended]}))
    assert ended.found == [TEXTS[3]]
    assert threading.main_thread() not in scorer.threads


def test_a_policy_of_a_retriever_may_reject_all(index):
    assert TamisRetriever(index, policy=policy_of_mini(1e9)).invoke("如何退货") == []


def test_how_many_a_retriever_gives_can_be_configured(index):
    field = ConfigurableField(id="top_n")
    retriever = TamisRetriever(index.path, top_n=2, name="law", tags=["t"]).configurable_fields(top_n=field)
    wide, narrow = (
        retriever.invoke("rained, drum"),
        retriever.invoke("rained, drum", config={"configurable": {"top_n": 1}}),
    )
    assert (len(wide), len(narrow)) == (2, 1)


def test_a_retriever_over_a_folder_is_pickled_after_use(index):
    made = TamisRetriever(index.path, top_n=1)
    expected = made.invoke("如何退货")
    assert pickle.loads(pickle.dumps(made)).invoke("如何退货") == expected


def test_a_wrong_option_of_a_retriever_is_an_input_error(index):
    for options, says in (({"top_n": 0}, "top_n"), ({"depth": 0}, "depth"), ({"model": 3}, "model must be")):
        with pytest.raises(InputError, match=says):
            TamisRetriever(index, **options)
    with pytest.raises(InputError, match="index must be"):
        TamisRetriever(None)
