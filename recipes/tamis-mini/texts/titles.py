"""What a title asks: whether it names an act or a thing, and the questions that may be made of it."""

from __future__ import annotations

import random
import re

_VERBS = """
    accept access activate add adjust align allow analyse analyze apply archive arrange ask assign attach avoid back
    browse build burn calculate call cancel change check choose clean clear close combine compare compile compress
    configure connect convert copy crop customise customize deal define delete deploy detect determine disable
    disconnect display download draw drag edit enable encrypt enter erase exclude exit expand export extend extract fill
    filter find fix format generate get group handle hide highlight identify ignore implement import improve include
    increase insert install invoke join keep label launch limit link list load lock login lower maintain make
    manage manipulate merge migrate modify monitor mount move navigate obtain open optimise optimize organise organize
    override paste pause perform pin play prepare prevent preview print process protect provide publish query read
    rearrange recover reduce register remove rename reorder repair replace request reset resize resolve restart restore
    restrict retrieve reuse rotate run save scale scan schedule search secure select send set share show shut sign
    simplify solve sort specify split start stop store submit switch synchronise synchronize test track transfer
    transform translate troubleshoot tune turn type undo uninstall unlock unmount update upgrade upload use validate
    verify view wait work wrap write zoom
"""
VERBS = frozenset(_VERBS.split())
# Verbs that are seldom the first noun of a name ("print preview", "link list" are left alone).
_NOUNS = """
    access back build call change check copy display draw edit filter fix format group import join label launch limit
    link list load lock login lower move open paste pause pin play preview print process query read request reset
    restore run scale scan schedule search secure select set share show sign sort split start stop store switch test
    track transfer turn type undo update upgrade use view wait work wrap write zoom keep close highlight export clean
    clear download upload
"""
_PLAIN = VERBS - frozenset(_NOUNS.split())
_PARTICLES = "a an the your to all from with on off up out in into between multiple new several"
_AFTER = frozenset(_PARTICLES.split())
_HEADINGS = """
    overview introduction summary notes note example examples contents index preface conclusion description usage
    synopsis parameters returns return see also references background general miscellaneous details options history
    about copyright license author authors bugs warning caution important tip glossary abstract next previous home
    further reading appendix credits changelog getting started more information prerequisites limitations
"""
_GENERAL = frozenset(_HEADINGS.split())
_ACTS = """
    添加 创建 删除 设置 使用 安装 修改 更改 配置 启用 禁用 插入 打开 关闭 导入 导出 连接 查看 编辑 移动 复制 保存
    打印 调整 计算 查找 替换 启动 停止 升级 备份 恢复 下载 上传 合并 隐藏 显示 更新 重命名 共享 登录 注册 避免 解决 处理
    管理 选取 选择 定义 应用 绘制 编写 部署 切换 旋转 缩放 转换 卸载 检查 获取 实现 运行 发送 接收 申请
"""
# 打印机, 连接器, 管理员, 运行时 begin with such a verb and are things.
_do = re.compile(f"^(?:{'|'.join(_ACTS.split())})(?![机器员品者师时程方法中])(?P<object>[^，。；：？！]+)$")
_name_end = re.compile(
    "(?:说明|指南|选项|方法|方式|步骤|概述|概览|介绍|简介|工具|命令|菜单|对话框|功能|模式|示例|例子|问题|支持|实践|原理|机制|流程|"
    "策略|规则|参数|函数|按钮|栏|器|表|总结|教程|详解|解释|规范|设计|类型|限制|状态|权限|接口|语句|时|前|后|场景|情况|性能|优化)$"
)
_gerund = re.compile(r"^(?P<verb>[A-Za-z]+)ing (?P<object>.+)$")
_noun = re.compile(r"^(?:(?:the|an?) )?[A-Za-z][A-Za-z'’+-]*(?: [A-Za-z][A-Za-z'’+-]*)?$", re.I)
_noun_zh = re.compile(r"^[\u4e00-\u9fffA-Za-z]{2,10}$")
_asks = re.compile(
    r"[?？]$|^(?:how|what|why|when|where|which|who|can|does|do|is|are|should)\b|^(?:如何|怎么|怎样|为什么|什么是)|吗$|呢$",
    re.I,
)


def asks(title: str) -> bool:
    """Whether the title is a question as it stands.

    >>> asks("How do I sift?"), asks("如何过筛"), asks("Sieves")
    (True, True, False)
    """
    return bool(_asks.search(title))


def question(title: str, language: str, rng: random.Random) -> str | None:
    """A question made of a title, by templates that are safe for its form; None where none is.

    >>> draw = random.Random(1)
    >>> question("Adding a printer", "en", draw), question("Chapter 3, verses 1-9", "en", draw)
    ('how do I add a printer', None)
    """
    if language == "zh":
        return _chinese(title, rng)
    act = act_of(title)
    if act:
        return rng.choice(
            (f"how to {act}", f"how do I {act}", f"how can I {act}?", f"How do you {act}?", f"what is the way to {act}")
        )
    words = title.lower().split()
    if not _noun.match(title) or not _GENERAL.isdisjoint(words) or words[0] in VERBS or words[0].endswith("ing"):
        return None
    name = title if title.isupper() or any(char.isupper() for char in title[1:]) else title.lower()
    if words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is")):
        return rng.choice((f"what are {name}", f"what are {name} used for", f"{name} explained"))
    return rng.choice((f"what is {name}", f"what does {name} mean", f"what is {name} used for", f"{name} meaning"))


def act_of(title: str) -> str | None:
    """The act an English title names, in the infinitive.

    >>> act_of("Setting up a printer"), act_of("Remove files"), act_of("Print preview")
    ('set up a printer', 'remove files', None)
    """
    if (match := _gerund.match(title)) and (verb := _infinitive(match["verb"].lower())):
        return f"{verb} {match['object']}"
    first, _, rest = title.partition(" ")
    if rest and (first.lower() in _PLAIN or (first.lower() in VERBS and rest.split()[0].lower() in _AFTER)):
        return f"{first.lower()} {rest}"
    return None


def _infinitive(stem: str) -> str | None:
    for verb in (stem, f"{stem}e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem):
        if verb in VERBS:
            return verb
    return None


def _chinese(title: str, rng: random.Random) -> str | None:
    if (match := _do.match(title)) and len(match["object"]) > 1 and not _name_end.search(title):
        return rng.choice(
            (
                f"如何{title}",
                f"怎么{title}",
                f"怎样{title}？",
                f"如何{title}？",
                f"{title}怎么操作",
                f"{title}的方法是什么",
            )
        )
    if _noun_zh.match(title) and not match and not re.search("^[一二三四五六七八九十第]|[的和与或了]|^关于", title):
        if _name_end.search(title):
            return rng.choice((f"{title}有哪些", f"{title}是什么"))
        return rng.choice(
            (f"什么是{title}", f"{title}是什么", f"{title}是什么意思？", f"什么是{title}？", f"{title}是指什么")
        )
    return None
