"""The patterns by which questions become statements and statements questions, in Chinese and in English.

A row is tried where it fits the whole text; ``x`` and ``y`` are what is kept. The first that fits is taken, so the
narrower stand first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to say it otherwise.

    Attributes:
        asks: what the whole text must be; its groups are what is kept.
        says: what it becomes; ``{x}`` and ``{y}`` are the groups.
        why: one sentence for the person who looks at it.
        verb: whether ``x`` must begin with a verb (Chinese).
    """

    asks: re.Pattern[str]
    says: str
    why: str
    verb: bool = False


def _rows(why: str, *rows: tuple[str, str], verb: bool = False) -> tuple[Pattern, ...]:
    return tuple(Pattern(re.compile(asks, re.IGNORECASE), says, why, verb) for asks, says in rows)


POLITE = re.compile(
    r"^(?:请问一下|请问|想问一下|我想问一下|我想问|想问|问一下|我想知道|想知道|谁知道|有谁知道|求助|求问)[:：,，\s]*"
    r"|^(?:(?:can|could) you (?:please )?tell me|please tell me|i (?:would like|want) to know|does anyone know)\s+",
    re.IGNORECASE,
)
_PRONOUNS = """
这 那 它 他 她 你 我 我们 你们 他们 她们 它们 这个 那个 这些 那些 这样 那样 这里 那里 此 该 其 什么 怎么 如何 人 东西
it this that these those he she they we you i him her them one there here so what
"""
PRONOUNS = frozenset(_PRONOUNS.split())  # with one of these alone a form would say nothing
# Verbs that jieba takes for nouns.
VERBS = frozenset("办理 重置 安装 登录 注册 预约 报名 补办 下载 升级 绑定 激活 挂失 充值 报销".split())  # noqa: SIM905

# What is kept must not ask in its turn: 怎么退货以及怎么退款 has no one form.
ASKING = re.compile("怎么|怎样|如何|为什么|为何|为啥|能不能|可不可以|是不是|会不会|吗(?![啡丁])")
_ASK = "(?:如何|怎么样才能|怎样才能|怎么才能|如何才能|怎么样|怎么|怎样|咋样|咋)"
_WHY = "(?:为什么|为何|为啥|怎么会)"
_WHY_SO = f"(?:{_WHY}|怎么(?=[不没还总老又]))"
_NOT_HOW = "(?!会|才|不|没|还|总|老|又|这么|那么|办|样|回事|了|说|看|想|得|能|可|理解|评价)"
_END = "(?:呢|啊|呀|吗|的|了)?"

CHINESE = (
    *_rows(
        "asks what to do: documents say how it is dealt with",
        (
            f"(?P<x>.+?)(?:了)?(?:该|应该|应当|要)?(?:怎么办|咋办|如何处理|怎么处理|怎样处理|如何解决|怎么解决|怎样解决){_END}",
            "{x}的处理办法",
        ),
    ),
    *_rows(
        "asks for the reason",
        (f"(?P<x>.+?)(?:是)?(?:怎么回事|咋回事|怎么搞的|是什么原因|什么原因|的原因是什么){_END}", "{x}的原因"),
        (f"{_WHY}(?P<x>.+?){_END}", "{x}的原因"),
        (f"(?P<x>[^的]+?){_WHY_SO}(?P<y>.+?){_END}", "{x}{y}的原因"),
    ),
    *_rows(
        "asks what it is: documents define it",
        ("什么是(?P<x>最.+?)", "{x}"),
        ("什么是(?P<x>.+?)", "{x}是指"),
        ("什么叫做?(?P<x>.+?)", "{x}是指"),
        (f"(?P<x>.+?)(?:是什么意思|什么意思|是指什么|指的是什么|指什么){_END}", "{x}是指"),
        ("(?P<x>.+的.+?)(?:是什么|是啥|有哪些|有什么|是哪些|包括哪些|包括什么)", "{x}"),
        ("(?P<x>[^的]+?)(?:是什么|是啥)", "{x}是指"),
    ),
    *_rows(
        "asks how things differ",
        (
            f"(?P<x>.+?)(?:的区别是什么|有什么区别|有何区别|有什么不同|有何不同|有什么差别|有啥区别|的不同是什么){_END}",
            "{x}的区别",
        ),
        (f"(?P<x>.+(?:和|与|跟).+?)(?:哪个|哪种|哪一个)(?:更)?好{_END}", "{x}的比较"),
    ),
    *_rows(
        "asks for a list: documents name what it lists",
        (
            "(?P<x>.+?)(?:需要|要|得)(?:提供|准备|提交|带|具备|满足|符合)?(?:什么|哪些|啥)(?P<y>材料|资料|证件|手续|条件|文件|资质)",
            "{x}所需{y}",
        ),
        (
            "(?P<x>.+?)(?:都)?有(?:什么|哪些|何|啥)(?P<y>好处|坏处|作用|要求|条件|影响|症状|危害|风险|规定|优点|缺点|特点|功能|种类"
            "|类型|方法|办法|后果|限制|表现|原则|用途|优势|功效)",
            "{x}的{y}",
        ),
        ("(?P<x>.+?)有(?:什么|啥)用", "{x}的作用"),
        ("(?P<x>.+?)(?:都)?(?:有哪些|包括哪些|包括什么|包含哪些)", "{x}"),
    ),
    *_rows(
        "asks for the price",
        (f"(?P<x>.+?)(?:大概|大约)?(?:要|需要|得|要花|需要花)多少(?:钱|费用){_END}", "{x}的费用"),
        (f"(?P<x>.+?)(?:是)?多少钱(?:一[个斤张台件套次年月])?{_END}", "{x}的价格"),
    ),
    *_rows(
        "asks for a time",
        (f"(?P<x>.+?)(?:大概|大约|一般)?(?:要|需要|得)(?:多久|多长时间|几天|多少天){_END}", "{x}所需时间"),
        (
            "(?P<x>.+?)(?:多久|多长时间|几天)(?:能|可以|会)?(?P<y>到账|生效|到期|过期|发货|送达|审核完|办好|办完|下来)",
            "{x}{y}时间",
        ),
        (f"(?:什么时候|何时|几点)(?:能|可以|会)?(?P<x>.+?){_END}", "{x}的时间"),
        (f"(?P<x>[^的]+?)(?:一般|通常|大概)?在?(?:什么时候|何时|几点)(?:能|可以|会)?(?P<y>.+?){_END}", "{x}{y}的时间"),
    ),
    *_rows(
        "asks for a place",
        ("(?:去|到|在)?(?:哪里|哪儿|哪)有卖(?P<x>.+?)的?", "购买{x}的途径"),
        (f"(?:去哪里|去哪儿|到哪里|到哪儿|去哪|到哪)(?:能|可以)?(?P<x>.+?){_END}", "{x}的地点"),
        (f"(?:在哪里|在哪儿|从哪里|从哪儿|哪里|哪儿|在哪)(?:能|可以)?(?P<x>.+?){_END}", "{x}的途径"),
        (f"(?P<x>.+?)(?:在哪里|在哪儿|在哪){_END}", "{x}的位置"),
    ),
    *_rows(
        "asks how to do it: documents describe the way",
        ("(?P<x>[^的]+?)的(?:方法|步骤|流程|办法)是(?:什么|啥|怎样的|怎么样的)", "{x}的方法"),
        (f"{_ASK}{_NOT_HOW}(?:去|来)?(?P<x>.+?){_END}", "{x}的方法"),
    ),
    *_rows(
        "asks by which rule: documents state the rule",
        (f"(?P<x>.+?)(?:应该|应当|该)?{_ASK}(?P<y>处罚|赔偿|收费|缴纳|认定|界定|划分|定罪){_END}", "{x}的{y}标准"),
        (f"(?P<x>.+?)(?:应该|应当|该)?{_ASK}(?:判刑|量刑|判){_END}", "{x}的量刑标准"),
        (f"(?P<x>.+?)(?:应该|应当|该)?{_ASK}(?:计算|算){_END}", "{x}的计算方法"),
        (f"(?P<x>.+?)(?:应该|应当|该)?{_ASK}(?P<y>分割|分配|承担){_END}", "{x}的{y}"),
    ),
    *_rows(
        "asks how to do it: the words that ask are left out",
        (f"(?P<x>[^的]+?)(?:应该|应当|该|要)?{_ASK}{_NOT_HOW}(?P<y>.+?){_END}", "{x}{y}的方法"),
    ),
    *_rows(
        "asks yes or no: documents say whether",
        ("(?P<x>.+?)(?:可不可以|可否)(?P<y>.+?)(?:呢|啊|吗)?", "{x}是否可以{y}"),
        ("(?P<x>.+?)(?:能不能|能否)(?P<y>.+?)(?:呢|啊|吗)?", "{x}是否能{y}"),
        ("(?P<x>.+?)(?:会不会)(?P<y>.+?)(?:呢|啊|吗)?", "{x}是否会{y}"),
        ("(?P<x>.+?)(?:要不要|需不需要|用不用)(?P<y>.+?)(?:呢|啊|吗)?", "{x}是否需要{y}"),
        ("(?P<x>.+?)(?:是不是|算不算)(?P<y>.+?)(?:呢|啊|吗)?", "{x}是否属于{y}"),
        ("(?P<x>.+?)(?:还)?可以(?!不)(?P<y>.+?)吗", "{x}是否可以{y}"),
        ("(?P<x>.+?)(?:还)?能(?!不)(?P<y>.+?)吗", "{x}是否能{y}"),
        ("(?P<x>.+?)会(?!不)(?P<y>.+?)吗", "{x}是否会{y}"),
        ("(?P<x>.+?)(?:需要|要)(?!不)(?P<y>.+?)吗", "{x}是否需要{y}"),
    ),
    *_rows(
        "names the way: one would ask how",
        ("(?P<x>[^的]{2,}?)的?(?:流程|步骤|方法|教程|办法|操作步骤|办理流程)", "如何{x}"),
        verb=True,
    ),
    *_rows(
        "names a reason, a meaning or a price: one would ask for it",
        ("(?P<x>.{2,}?)的原因", "为什么{x}"),
        ("(?P<x>.{2,}?)(?:的?(?:定义|概念)|是指)", "什么是{x}"),
        ("(?P<x>.{2,}?)的?含义", "{x}是什么意思"),
        ("(?P<x>.{2,}?)的?(?:价格|价钱)", "{x}多少钱"),
        ("(?P<x>.+(?:和|与|跟).+?)的?(?:区别|差别|不同)", "{x}有什么区别"),
    ),
)

_WHO = "(?:i|we|you|one|someone|people)"
_DET = "(?:(?:an?|the|my|your|our)\\s+)?"
_OWN = "(?!(?:it|this|that|these|those|he|she|they|there|my|your|our)\\b)"  # has no definition
_WH = "(?:what|which|who|how|why|when|where|is|are|do|does)\\b"
_DO = "(?:do|does|did|can|could|should|would|will|might)"
_BE = "(?:is|are|was|were)"

ENGLISH = (
    *_rows(
        "asks how to do it: documents name the action",
        (
            f"how\\s+{_DO}\\s+{_WHO}\\s+(?:go about\\s+)?(?P<x>(?!not\\b)\\w+)\\s+{_DET}(?P<y>.+)",
            "{x} {y}",
        ),
        (f"how\\s+to\\s+(?:go about\\s+)?(?P<x>(?!not\\b)\\w+)\\s+{_DET}(?P<y>.+)", "{x} {y}"),
        (f"(?:what is|what's) the (?:best )?way to\\s+(?P<x>(?!not\\b)\\w+)\\s+{_DET}(?P<y>.+)", "{x} {y}"),
    ),
    *_rows(
        "asks how things differ",
        (
            "(?:what is|what's|what are) the differences? between\\s+(?P<x>.+?)\\s+and\\s+(?P<y>.+)",
            "difference between {x} and {y}",
        ),
        (
            f"(?!{_WH})(?P<x>\\S+(?:\\s\\S+){{0,3}})\\s+(?:vs\\.?|versus)\\s+(?P<y>\\S+(?:\\s(?!{_WH})\\S+){{0,3}})",
            "difference between {x} and {y}",
        ),
    ),
    *_rows(
        "asks what it means: documents define it",
        (f"what\\s+(?:does|do)\\s+{_DET}(?P<x>.+?)\\s+(?:mean|stand for)", "{x} meaning"),
        ("(?:what is|what's|what are) (?:meant by|the meaning of|the definition of)\\s+(?P<x>.+)", "{x} definition"),
    ),
    *_rows(
        "asks for a use or a cause: documents name it",
        (f"what\\s+{_BE}\\s+{_DET}(?P<x>.+?)\\s+(?:used\\s+)?for", "uses of {x}"),
        ("what\\s+causes\\s+(?P<x>.+)", "causes of {x}"),
        ("what\\s+happens\\s+(?:if|when)\\s+(?P<x>.+)", "consequences if {x}"),
    ),
    *_rows(
        "asks what it is: the words that ask are left out",
        ("(?:what\\s+(?:is|are|was|were)|what's|what're)\\s+the\\s+(?P<x>.+)", "{x}"),
        (f"(?:what\\s+{_BE}|what's)\\s+{_OWN}(?:an?\\s+)?(?P<x>.+\\s(?:of|for|in|between|to)\\s.+)", "{x}"),
        (f"(?:what\\s+(?:is|are)|what's)\\s+{_OWN}(?:an?\\s+)?(?P<x>\\S+(?:\\s+\\S+){{0,3}})", "{x} definition"),
    ),
    *_rows(
        "asks for the reason",
        (
            f"why\\s+(?:do|does|did|is|are|was|were|has|have|had|would|should|can|will)\\s+{_DET}(?P<x>.+)",
            "reasons {x}",
        ),
    ),
    *_rows(
        "asks for a price, a time or a number",
        ("how\\s+much\\s+(?:does|do|did|would|will)\\s+(?:it\\s+cost\\s+to\\s+)(?P<x>.+)", "cost to {x}"),
        (
            f"how\\s+much\\s+(?:does|do|did|would|will)\\s+{_DET}(?P<x>.+?)\\s+cost(?:s)?(?P<y>\\s.+)?",
            "cost of {x} {y}",
        ),
        (f"how\\s+much\\s+{_BE}\\s+{_DET}(?P<x>.+)", "price of {x}"),
        (
            "how\\s+long\\s+(?:does|do|did|will|would)\\s+(?:it\\s+take\\s+(?:for\\s+\\S+\\s+)?to\\s+)(?P<x>.+)",
            "time to {x}",
        ),
        (f"how\\s+long\\s+(?:does|do|did|will|would)\\s+{_DET}(?P<x>.+?)\\s+(?:take|last)", "duration of {x}"),
        (f"how\\s+long\\s+(?:is|are)\\s+{_DET}(?P<x>.+)", "length of {x}"),
        (f"how\\s+often\\s+(?:do|does|should|must|can)\\s+(?:{_WHO}\\s+)?(?P<x>.+)", "how frequently {x}"),
    ),
    *_rows(
        "asks for a place or a time",
        (f"where\\s+(?:can|do|could|should|would)\\s+{_WHO}\\s+(?P<x>.+)", "where to {x}"),
        (f"where\\s+(?:is|are)\\s+{_DET}(?P<x>.+?)(?:\\s+located)?", "location of {x}"),
    ),
    *_rows(
        "asks yes or no: the words that ask are left out",
        (
            f"{_DO}\\s+{_WHO}\\s+(?:(?:have|need) to\\s+)?(?P<x>(?!not\\b)\\w+)\\s+{_DET}(?P<y>.+)",
            "{x} {y}",
        ),
        ("is\\s+it\\s+(?P<x>(?:allowed|legal|safe|necessary)\\s+to\\s+.+)", "{x}"),
        ("is\\s+it\\s+possible\\s+(?:for\\s+\\S+\\s+)?to\\s+(?P<x>.+)", "{x}"),
    ),
    *_rows(
        "names a meaning, a price or a way: one would ask for it",
        ("(?P<x>.+?)\\s+(?:definition|meaning)", "what is {x}"),
        ("(?:definition|meaning)\\s+of\\s+(?:an?\\s+|the\\s+)?(?P<x>.+)", "what is {x}"),
        ("(?:price|cost)\\s+of\\s+(?:an?\\s+|the\\s+)?(?P<x>.+)", "how much does {x} cost"),
        ("(?:reasons?|causes?)\\s+(?:for|of)\\s+(?P<x>.+)", "what causes {x}"),
        ("(?:steps|instructions|guide|ways?)\\s+(?:to|for)\\s+(?P<x>.+)", "how to {x}"),
    ),
)
