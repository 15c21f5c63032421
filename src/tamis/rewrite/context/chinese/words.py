"""Word lists of the rules for Chinese conversations: closed classes and words that say little by themselves."""

from __future__ import annotations

# Words that are no part of a topic: pronouns, particles, adverbs, verbs of talk and of liking, empty adjectives.
_FUNCTION = """
我 你 您 他 她 它 我们 你们 他们 她们 它们 咱 咱们 俺 自己 大家 别人 人家 谁 某 这 那 这个 那个 这些 那些 这里
那里 这儿 那儿 这样 那样 这么 那么 此 该 其 之 什么 啥 哪 哪里 哪儿 哪个 哪些 怎么 怎么样 怎样 怎么办 咋 咋样 如何
为什么 为啥 为何 多少 几 多 多久 多大 啥子 的 地 得 了 着 过 吗 呢 啊 呀 吧 嘛 么 哦 噢 喔 哈 哈哈 哈哈哈 嘿嘿
呵呵 嗯 哼 唉 哎 诶 欸 啦 咯 呗 哇 嘞 额 呃 恩 滴 是 不是 就是 也是 还是 是不是 有 没有 没 有没有 不 别 不要 不会
不能 不想 不知道 没看过 没听过 没有看过 无 也 都 就 还 又 再 才 只 很 太 最 更 非常 真 真的 特别 比较 挺 超 超级
好 好的 其实 已经 正在 刚刚 刚 一直 总是 一定 必须 应该 可能 大概 好像 似乎 貌似 当然 确实 居然 竟然 反正 到底
究竟 简直 一下 一点 有点 有点儿 一些 一个 一种 一起 很多 好多 在 从 到 对 对于 关于 和 跟 与 同 把 被 给 让 叫 为
为了 用 以 于 向 往 比 除了 但 但是 不过 可是 因为 所以 如果 而且 然后 或者 或 虽然 而 并 并且 于是 话说 说到 要不
要是 只要 只有 万一 看 看过 看看 看到 看了 听 听过 听听 听说 听说过 玩 玩过 吃 吃过 去 去过 来 说 说过 说说 讲 聊
聊聊 谈 谈谈 问 请问 做 买 用过 读 读过 想 想看 想去 想吃 想要 要 会 能 可以 可 知道 喜欢 喜爱 爱 最爱 最喜欢
超喜欢 觉得 认为 感觉 以为 希望 认识 了解 记得 告诉 推荐 介绍 安利 帮 帮我 教 教教 搜索 搜 查 查查 找 请 请教 想问
想知道 想了解 咨询 打算 准备 需要 喜欢吃 喜欢看 喜欢听 喜欢玩 爱吃 爱看 讨厌 不喜欢 好看 好吃 好玩 好听 好用 不错
可爱 漂亮 厉害 帅 棒 美 行 对吧 对啊 好吗 行吗 是的 没错 可惜 哈喽 你好 谢谢 梦见 梦到 里 里面 上 下 中 时候 的话
等 等等 起来 出来 下来 时 之后 之前 以后 以前 今天 明天 后天 昨天 现在 最近 今年 明年 去年 平时 刚才
"""
FUNCTION = frozenset(_FUNCTION.split())

# The word before a topic that is being brought up: 你知道遮天吗.
_INTRODUCING = """
知道 认识 看过 听过 听说过 听说 读过 玩过 吃过 去过 用过 买过 学过 喜欢 喜爱 爱 最爱 爱上 讨厌 觉得 认为 看待 了解
记得 关注 安利 推荐 喜欢吃 喜欢看 喜欢听 喜欢玩 爱吃 爱看 想吃 想看 想去 想买 想要 想学 想玩 看 听 玩 吃 读 买 学
用 去 会 跟 和 与 对 被 关于 叫 说到 提到 追 聊 谈 梦见 梦到 介绍 搜 查 办 办理 申请 报
"""
INTRODUCING = tuple(_INTRODUCING.split())

# What is asked or said of a topic comes after it: 遮天好看吗.
_ASKING = """
吗 么 呢 吧 嘛 是 怎么 咋 怎样 如何 为什么 为啥 好不好 好看 好吃 好玩 好听 好用 有没有 有什么 有啥 在哪 多少 多大
多久 多高 几 会 也 真 太 很 最 不 呀 什么 知道 看过 还 要 需要 可以 能 值得 的作者 的主角
"""
ASKING = tuple(_ASKING.split())

# Heads that name no topic by themselves, and classes that 这个 and 那部 stand before.
_CLASSES = """
人 小说 书 电影 影片 片子 剧 电视剧 动漫 动画 动画片 漫画 番 歌 歌曲 音乐 曲子 诗 词 文章 作品 游戏 手游 节目 综艺
软件 应用 app APP 网站 平台 品牌 牌子 产品 东西 玩意 玩意儿 商品 地方 城市 景点 国家 省 市 县 镇 区 学校 大学 专业
公司 单位 企业 机构 部门 店 餐厅 酒店 医院 银行 星座 职业 工作 行业 岗位 歌手 演员 明星 组合 乐队 作家 作者 导演
角色 人物 主角 男人 女人 男生 女生 男孩 女孩 男孩子 女孩子 妹子 小伙子 姑娘 家伙 老师 医生 孩子 小孩 手机 电脑 车
车子 车型 型号 机器 设备 功能 系统 模型 算法 框架 工具 语言 接口 服务 版本 方法 办法 方案 问题 情况 病 疾病 药
药品 症状 菜 食物 水果 零食 饮料 动物 植物 狗 猫 花 事 事情 话题 消息 新闻 活动 比赛 项目 政策 规定 法律 条款 合同
协议 制度 概念 理论 定理 公式 单词 字 成语 句子 名字 词语
"""
CLASSES = frozenset(_CLASSES.split())
CLASS_CHARACTERS = frozenset("书歌剧人片车店病药菜诗词狗猫花校")

# Nouns that are of something: the question lacks what. 作者是谁, 价格多少.
_RELATIONAL = """
作者 主角 主演 导演 演员 角色 人物 结局 剧情 内容 情节 名字 歌词 歌 作品 代表作 价格
价钱 费用 成本 性能 功能 作用 用途 效果 优点 缺点 优缺点 好处 坏处 特点 特征 特色 区别 原因 原理 定义 意思 含义
概念 历史 来历 起源 背景 年龄 身高 体重 生日 星座 老婆 丈夫 妻子 家人 父母 孩子 儿子 女儿 学历 职业 工资 收入 症状
病因 治疗 疗法 副作用 禁忌 剂量 用法 用量 做法 步骤 流程 方法 办法 条件 要求 材料 资料 手续 时间 时候 地点 地址
位置 电话 联系方式 官网 网址 密码 账号 版本 型号 尺寸 颜色 重量 大小 规格 参数 配置 续航 屏幕 电池 保修 售后 质量
评价 口碑 排名 分数线 录取分 专业 学费 校区 人口 面积 首都 省会 特产 美食 小吃 景点 天气 气温 温度 交通 路线 门票
票价 限额 利率 期限 额度 比例 标准 范围 例子 示例 代码 教程 文档 图片 照片 视频 结果 影响 后果 责任 处罚 赔偿 补偿
资格 证书 有效期 风险
"""
RELATIONAL = frozenset(_RELATIONAL.split())

# People that are named by what they are to the speaker; 他 and 她 stand for them.
_PEOPLE = """
男朋友 女朋友 男友 女友 女票 男票 老公 老婆 丈夫 妻子 对象 前任 前男友 前女友 爸爸 妈妈 爸 妈 父亲 母亲 父母 哥哥
姐姐 弟弟 妹妹 爷爷 奶奶 外公 外婆 儿子 女儿 孩子 宝宝 闺蜜 朋友 同学 同事 老师 老板 领导 室友 舍友 邻居 男孩 女孩
男孩子 女孩子 男生 女生 男神 女神 妹子 姑娘 小伙子 医生 律师 客户 员工 病人 患者 歌手 演员 明星 偶像 作者 导演
主角 队长 总统 皇帝 女人 男人 小孩
"""
PEOPLE = frozenset(_PEOPLE.split())

PERSONAL = {"他": True, "她": True, "他们": True, "她们": True, "它": False, "它们": False}  # whether of people
PLACES = frozenset(("这里", "那里", "这儿", "那儿", "此处", "此地", "那边", "这边"))
_THIS = """
这 那 此 这个 那个 这些 那些 这种 那种 这款 那款 这部 那部 这首 那首 这本 那本 这家 那家 这位 那位 这篇 那篇 这道
那道 这只 那只 这台 那台 这类 那类 这项 那项 该
"""
THIS = frozenset(_THIS.split())
_LEADING = """
那 那么 但 但是 不过 可是 所以 而且 然后 因为 嗯 嗯嗯 恩 哼 哦 噢 啊 哈哈 哈哈哈 额 呃 唉 对 对啊 对呀 是的 是啊
好的 好吧 好 其实 当然 等一下 话说 请问 麻烦 嗯哼 哎 诶 可 反正 没错 天呐
"""
LEADING = frozenset(_LEADING.split())
SUBJECTS = frozenset(("我", "你", "您", "我们", "你们", "咱", "咱们", "大家", "谁"))
_FINAL = """
哎 诶 呗 吗 么 呢 吧 啊 呀 嘛 哦 啦 没 没有 不 哈 了 噢 哇 行吗 好吗 可以吗 好不好 谢谢
"""
FINAL = frozenset(_FINAL.split())
# Verbs that want an object: where none follows, the topic is it.
_TRANSITIVE = """
知道 认识 看 看过 看了 听 听过 听说过 读 读过 玩 玩过 吃 吃过 去 去过 买 买过 用 用过 学 学过 喝 喝过 喜欢 爱 讨厌
了解 会 教 教教 教我 推荐 介绍 告诉 模仿 唱 讲讲 说说 说一下 介绍一下 聊聊 谈谈 解释 查 查一下 搜 搜索 找 下载
安装 申请 办 办理 记得 想 想要 要 试 试试 试过 治 治疗 解决 避免 预防 评价 不喜欢 没看过 没听过 没玩过 没吃过
没去过 不知道 不认识 不会 不想 最喜欢 喜欢吃 爱吃 怎么看 懂 追 养 种 写 做 弹 打 开 换 修 退 删 删除 取消
"""
TRANSITIVE = frozenset(_TRANSITIVE.split())
ASPECTS = frozenset(("过", "了", "着", "一下", "得", "到"))
THINKING = frozenset(("觉得", "感觉", "认为", "以为", "听说", "发现", "希望"))  # what they are about comes after them
# Before these the verb's object leads: 口腔炎怎么治疗, 沈阳故宫值得去吗.
_TOPIC_FIRST = """
怎么 如何 怎样 为什么 为啥 值得 是 是不是 在 什么 谁 哪里 哪儿 多少 几 可以 能 好 难 容易 适合 需要
"""
TOPIC_FIRST = frozenset(_TOPIC_FIRST.split())
INNER = frozenset(("里面", "里", "里头"))
