"""Questions as statements and back, in Chinese and in English; and what is left alone."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.rewrite.forms import forms

CHANGED = [
    ("怎么退货", "退货的方法"),
    ("请问怎么退货呢？", "退货的方法"),
    ("如何在 Gradio 界面配置 Qwen3-Reranker-0.6B", "在 Gradio 界面配置 Qwen3-Reranker-0.6B的方法"),
    ("高数怎么复习", "高数复习的方法"),
    ("公司不交社保，怎么办", "公司不交社保的处理办法"),
    ("小孩总是咳嗽怎么办", "小孩总是咳嗽的处理办法"),
    ("酒驾怎么处罚", "酒驾的处罚标准"),
    ("故意伤害怎么判", "故意伤害的量刑标准"),
    ("加班费怎么算", "加班费的计算方法"),
    ("离婚财产怎么分割", "离婚财产的分割"),
    ("机器学习是什么", "机器学习是指"),
    ("什么是重排序？", "重排序是指"),
    ("离婚的条件是什么", "离婚的条件"),
    ("不可抗力是什么意思", "不可抗力是指"),
    ("感冒发烧怎么回事", "感冒发烧的原因"),
    ("为什么天空是蓝色的", "天空是蓝色的原因"),
    ("手机怎么不充电", "手机不充电的原因"),
    ("感冒和流感有什么区别", "感冒和流感的区别"),
    ("办签证需要什么材料", "办签证所需材料"),
    ("吃苹果有什么好处", "吃苹果的好处"),
    ("打官司要多少钱", "打官司的费用"),
    ("iPhone 15 多少钱", "iPhone 15 的价格"),
    ("退款多久到账", "退款到账时间"),
    ("办护照要多久", "办护照所需时间"),
    ("什么时候发工资", "发工资的时间"),
    ("在哪里查社保", "查社保的途径"),
    ("去哪里办居住证", "办居住证的地点"),
    ("哪里有卖口罩的", "购买口罩的途径"),
    ("孕妇能不能吃螃蟹", "孕妇是否能吃螃蟹"),
    ("农户成员去世，村集体能否收回承包地？", "农户成员去世，村集体是否能收回承包地"),
    ("退货流程", "如何退货"),
    ("办理居住证流程", "如何办理居住证"),
    ("天空是蓝色的原因", "为什么天空是蓝色"),
    ("感冒和流感的区别", "感冒和流感有什么区别"),
    ("How do I reset my password?", "reset password"),
    ("can you tell me how to reset the router", "reset router"),
    ("what is BM25", "BM25 definition"),
    ("what is the capital of France", "capital of France"),
    ("What does API mean?", "API meaning"),
    ("what causes migraines", "causes of migraines"),
    ("Why does my phone overheat", "reasons phone overheat"),
    ("how much is a passport", "price of passport"),
    ("How much does dental insurance cost per month", "cost of dental insurance per month"),
    ("how long does it take to renew a passport", "time to renew a passport"),
    ("is it safe to eat raw eggs", "safe to eat raw eggs"),
    ("tcp vs udp", "difference between tcp and udp"),
    ("where is the fuse box", "location of fuse box"),
    ("price of gold", "how much does gold cost"),
    ("steps to change a tyre", "how to change a tyre"),
]
LEFT = [
    "",
    "？",
    "怎么办",
    "这是什么",
    "它怎么用",
    "这个怎么用",
    "最高数值",
    "不能退货吗",
    "这可能是癌症吗",
    "社会保险可以退吗",
    "离婚财产分割流程",
    "夫妻一方所欠债务，谁偿还？",
    "怎么不让孩子看手机",
    "怎么退货以及怎么退款",
    "我能要回彩礼吗",
    "怎么才能不打呼噜",
    "what is my ip",
    "what is it used for",
    "Qwen3-Reranker-0.6B不支持",
    "我买了手机。怎么退货？",
    "it is",
    "password reset",
    "what is it",
    "how are you",
    "who is the president",
    "why doesn't my phone charge",
    "can I not pay",
    "how do I not get fired",
    "Medicare vs private insurance which is primary",
    "これはペンですか",
]


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_a_question_becomes_what_documents_say_and_back(text, expected):
    [(form, change)] = forms(text)
    assert form == expected
    assert change.kind == "form" and change.before in text and change.after in form and change.why


@pytest.mark.parametrize("text", LEFT)
def test_nothing_is_made_where_no_pattern_fits(text):
    assert forms(text) == []


KEPT = re.compile(r"[A-Z]\w*\d|\d+(?:\.\d+)?|不|没|未|\bnot\b|\bwithout\b", re.ASCII)
BITS = st.sampled_from(
    "怎么 如何 退货 不 没 3.5 iPhone_15 吗 为什么 多少钱 是什么 可以 能不能 ， 的 社会 ？ "  # noqa: SIM905
    "_how_ _do_I_ _what_ _is_ _the_ _not_ _cost_ _X100_ _much_ _why_ _without_ _vs_".split()
).map(lambda bit: bit.replace("_", " "))


@given(st.one_of(st.lists(BITS, max_size=7).map("".join), st.text(max_size=30)))
def test_numbers_names_and_negations_stay(text):
    for form, change in forms(text):
        assert form != text and form.strip() == form and change.before in text and change.after in form
        asked = re.sub("能不能|可不可以|会不会|要不要|是不是|算不算|需不需要|用不用", "", change.before)
        assert sorted(KEPT.findall(change.after)) == sorted(KEPT.findall(asked))


def test_time_grows_with_the_text_and_not_with_its_square():
    begun = time.process_time()
    assert forms("?" * 50_000 + "x") == []  # 12 s where each mark began a search of its own
    assert time.process_time() - begun < 2
