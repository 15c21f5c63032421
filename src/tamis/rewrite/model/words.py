"""Words that checks of rewrites know: those that only ask or join, those that point back, those that praise or deny."""

from __future__ import annotations

# Beside the stop words of tamis.text: what a question in full needs and a question in short leaves out.
_FUNCTION = """
able about along also among another any anyone anything apart around aside besides can come concerning does done
during except get give given go happen have help including kind know like long make many mean meaning much need often
one people please possible regarding shall should someone something tell thing type upon use used using want way
within would
"""
_FUNCTION_ZH = """
的 了 是 在 和 与 及 或 也 都 就 而 着 吗 呢 吧 啊 呀 嘛 么 之 其 这 那 此 于 以 被 把 让 向 从 对 我 你
您 他 她 它 们 会 能 要 有 还 再 又 更 最 很 时 下 上 中 内 后 前 里 间 个 种 些 为 由 用 到 来 去 做 该
应 可 需 得 给 将 则 若 如 何 谁 哪 几 多 久 请 问 想 指 叫 算 什么 怎么 怎样 如何 哪些 哪个 哪种 多少 多久
多长 多大 为什么 为何 是否 能否 可否 可以 能够 需要 应该 应当 有没有 是不是 能不能 会不会 要不要 可不可以 关于 对于 情况
时候 之后 之前 以及 还是 或者 如果 因为 所以 但是 请问 怎么办 怎么样 一下 一个 一种 哪里 何时 几个 进行 使用 方面 相关
这个 那个 的话 问题
"""
# What stands for something said before, so that its own words need not come back.
_ANAPHORS = """
former latter first second third last previous next same other others one ones instead else above it its they
这个 那个 这种 那种 这些 那些 前者 后者 第一 第二 第三 第一个 第二个 第三个 另一 另一个 另外 其他 其它 上述 刚才 前面
后面 上面 下面 这里 那里 这样 那样 此外 呢 吗
"""
# What advertising says.
_PRAISE = """
amazing awesome best cheapest coolest easiest easily easy effortless effortlessly essential exclusive expert fantastic
fast fastest finest flawless great greatest guaranteed hassle-free ideal incredible innovative leading must-have
must-know one-stop perfect perfectly powerful premium proven quick quickest quickly reliable revolutionary seamless
seamlessly simple simplest simply smart smartest state-of-the-art stunning super superb top top-notch top-rated
trusted ultimate unbeatable unique unmatched unrivalled unrivaled world-class
"""
_PRAISE_ZH = """
快速 迅速 高效 简单 轻松 便捷 方便 最佳 最好 最优 最全 最强 最新 最快 最便宜 一站式 全方位 完美 优质 卓越 领先 专业
权威 必备 必看 必读 终极 全攻略 攻略 秘籍 神器 独家 超值 优惠 热门 爆款 推荐 靠谱 省心 无忧 贴心 顶级 首选 一键 秒懂
大全 详解 干货 极致 震撼
"""
_NEGATION = """
cannot never no none nor not nothing without
"""

FUNCTION = frozenset(_FUNCTION.split())
FUNCTION_ZH = frozenset(_FUNCTION_ZH.split())
ANAPHORS = frozenset(_ANAPHORS.split())
PRAISE = frozenset(_PRAISE.split())
PRAISE_ZH = frozenset(_PRAISE_ZH.split())
NEGATION = frozenset(_NEGATION.split())
NEGATION_ZH = frozenset("不没無无非未勿莫否")
# What holds such a character and denies nothing.
ASKING_ZH = ("是不是", "能不能", "会不会", "要不要", "可不可以", "有没有", "好不好", "行不行", "是否", "能否", "可否")
