"""Pairs of texts in twelve languages, and of the shapes that trip tokenizers up; the same on every run."""

from __future__ import annotations

from random import Random

from tamis import Document, Query

SENTENCES = {
    "en": [
        "The drum sieve of a cook presses a purée through its mesh.",
        "What is the capital of France, and how many people live there?",
        "It's 37.5 °C in the shade; we won't go out before six o'clock.",
        "Gravity is a force that attracts two bodies towards each other.",
        "Returns are accepted within 30 days, e.g. by mail (see §4.2).",
    ],
    "zh-hans": [
        "法国的首都是巴黎，常住人口约二百一十万。",
        "如何在三十天内申请退货？请附上订单号。",
        "万有引力使两个物体互相吸引。",
        "这种筛子用来过滤果泥，网眼细密。",
        "今天上海的气温是37.5度，不适合外出。",
    ],
    "zh-hant": [
        "臺灣的首都是臺北，鄰近新北市。",
        "請問三十天內可以辦理退貨嗎？",
        "萬有引力讓兩個物體互相吸引。",
        "這種篩子用來過濾果泥，網眼細密。",
    ],
    "ja": [
        "フランスの首都はパリで、人口は約二百十万人です。",
        "三十日以内であれば返品できますか？",
        "万有引力とは、二つの物体が互いに引き合う力である。",
        "ﾊﾝｶｸのカタカナと「かっこ」も使います。",
    ],
    "ko": [
        "프랑스의 수도는 파리이며 인구는 약 210만 명입니다.",
        "삼십 일 이내에 반품할 수 있나요?",
        "중력은 두 물체를 서로 끌어당기는 힘이다.",
    ],
    "ar": [
        "عاصمة فرنسا هي باريس، ويسكنها نحو مليوني نسمة.",
        "هل يمكنني إعادة المنتج خلال ثلاثين يومًا؟",
        "الجاذبية قوة تجذب جسمين أحدهما نحو الآخر.",
    ],
    "ru": [
        "Столица Франции — Париж, там живёт около двух миллионов человек.",
        "Можно ли вернуть товар в течение тридцати дней?",
        "Гравитация — сила, притягивающая два тела друг к другу.",
    ],
    "hi": [
        "फ़्रांस की राजधानी पेरिस है।",
        "क्या मैं तीस दिनों के भीतर सामान लौटा सकता हूँ?",
        "गुरुत्वाकर्षण दो पिंडों को एक दूसरे की ओर खींचता है।",
    ],
    "th": [
        "เมืองหลวงของฝรั่งเศสคือปารีส",
        "คืนสินค้าภายในสามสิบวันได้หรือไม่",
        "แรงโน้มถ่วงดึงดูดวัตถุสองชิ้นเข้าหากัน",
    ],
    "de": [
        "Die Hauptstadt Frankreichs ist Paris; dort wohnen über zwei Millionen Menschen.",
        "Kann ich die Ware binnen dreißig Tagen zurückgeben?",
        "Das Trommelsieb des Kochs heißt Tamis.",
    ],
    "fr": [
        "La capitale de la France est Paris, où vivent plus de deux millions d'habitants.",
        "Puis-je renvoyer l'article sous trente jours ?",
        "Le tamis sert à passer la purée : il retient l'écorce.",
    ],
    "es": [
        "La capital de Francia es París, con más de dos millones de habitantes.",
        "¿Puedo devolver el artículo en un plazo de treinta días?",
        "¡La gravedad atrae dos cuerpos entre sí!",
    ],
}

# Texts that come out wrong where pieces are joined, stripped or cut carelessly.
ODD = [
    "",
    " ",
    "\n",
    "\n\nstarts with newlines",
    "ends with newlines\n\n",
    "  two spaces before, two behind  ",
    "a      run of      spaces\tand\t\ttabs",
    ", punctuation first",
    "...\n\n---\n\n",
    "yes",
    "no",
    "e\u0301\u0302 combining a\u030a, decomposed: Zu\u0308rich",
    "ﬁne ligatures, ① circled, ｆｕｌｌ ｗｉｄｔｈ, Ⅷ",
    "zero\u200bwidth\u200djoiner\ufeff and nbsp\u00a0here\u3000there",
    "👩‍👩‍👧‍👦 family, 🇫🇷 flag, 👍🏽 thumb, 🧑‍🚀",
    "def f(x: int) -> int:\n    if x > 0:\n        return x * f(x - 1)\n    return 1\n",
    '{"query": "a \\"quoted\\" value", "n": [1, 2.5e-3, null]}',
    "<p>Markup &amp; entities</p>\r\n<br/>",
    "https://example.org/a_b?c=d&e=%20f#g",
    "1234567890 3.14159 1,000,000 ２０２６年",
    "Aa" * 60,
    "𠮷野家 𝒳 ∑ᵢ xᵢ²",
    "\u202eright to left override",
    "<Query>: is not a token\n<Document>: neither",
]


def pairs(count: int = 200, seed: int = 7) -> list[tuple[Query, Document]]:
    """``count`` pairs: every language and every odd text comes up, as query and as document."""
    draw = Random(seed)
    tongues = list(SENTENCES)
    made = []
    for at in range(count):
        tongue = tongues[at % len(tongues)]
        other = tongue if draw.random() < 0.7 else draw.choice(tongues)
        query = draw.choice(SENTENCES[tongue])
        sentences = min(12, 1 + int(draw.expovariate(0.4)))
        document = " ".join(draw.choice(SENTENCES[other]) for _ in range(sentences))
        if at % 4 == 1:
            document = ODD[at // 4 % len(ODD)]
        elif at % 4 == 3:
            document = draw.choice([f"{draw.choice(ODD)}{document}", f"{document}{draw.choice(ODD)}"])
        if at % 16 == 9:
            query = ODD[1 + at // 16 % (len(ODD) - 1)]
        made.append((Query(query), Document(f"d{at}", document)))
    return made
