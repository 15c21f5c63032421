"""The examples people know from the founding documents: which document each model puts first.

    scripts/bench examples [MODEL ...]

The right document stands first in each list here; models are given another order.
"""

from __future__ import annotations

import argparse

import tamis

EXAMPLES = (
    (
        "如何学习Python编程",
        ("学习Python可以从基础语法开始，然后学习常用库。", "Python是一种高级编程语言，语法简洁易读。",
         "Python在数据科学和机器学习领域应用广泛。", "今天天气真好，适合出去散步。"),
    ),
    ("大模型微调时LoRA rank设多少合适？", ("LoRA原理详解（含rank定义）", "10个开源项目LoRA配置汇总", "微调显存占用计算公式")),  # noqa: E501
    ("阿里云PAI-EAS部署Qwen3报错code=13", ("PAI-EAS常见错误码表", "Qwen3部署最佳实践", "grpc连接超时解决方案")),
    ("苹果手机怎么清理后台", ("iOS 17后台管理指南", "苹果公司财报分析（含“后台”指财务后台）", "安卓手机后台清理教程")),
    ("苹果手机续航怎么样", ("iPhone 15 电池续航实测：连续视频播放 20 小时", "苹果公司第四季度财报：营收同比增长 6%", "红富士苹果的营养价值与功效")),  # noqa: E501
    ("Java中string是基本类型吗", ("Java基础类型详解（明确列出string非基本类型）", "String类源码解析", "Java面试题库（含该题但无解析）")),  # noqa: E501
    (
        "What is the capital of France?",
        ("Paris is the most populous city in France", "The Eiffel Tower is located in Paris",
         "Lyon is a major city in eastern France"),
    ),
)  # fmt: skip


def row(query: str, documents: tuple[str, ...], model: str) -> str:
    """How far the right document leads, in logits; or what is before it, and by how much."""
    ranking = tamis.rerank(query, list(reversed(documents)), model=model)
    score = {candidate.doc.text: candidate.score for candidate in ranking}
    best = max(documents[1:], key=score.__getitem__)
    lead = score[documents[0]] - score[best]
    return f"right, by {lead:.2f}" if lead > 0 else f"**miss**: {best}, by {-lead:.2f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", default=("e5-small", "tamis-blend", "tamis-mini"), metavar="MODEL")
    models = options.parse_args().models
    print("| query | right | " + " | ".join(models) + " |\n" + "|---" * (2 + len(models)) + "|")
    for query, documents in EXAMPLES:
        print(f"| {query} | {documents[0]} | " + " | ".join(row(query, documents, model) for model in models) + " |")


if __name__ == "__main__":
    main()
