"""Self-contained HTML pages: data, scripts and styles inside, nothing fetched, no script run but the page's own."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

SLOT = re.compile(r"\{\{(\w+)\}\}")
SENTENCE = re.compile(r'(data-t="([\w.]+)">)')


def standalone(
    template: str,
    sentence: Callable[[str], str],
    *,
    parts: Mapping[str, str],
    scripts: Sequence[str],
    styles: Sequence[str],
) -> str:
    """A template with its parts put in, and a content security policy that lets only its own scripts and styles work.

    Args:
        template: HTML with slots ``{{name}}``, one of them ``{{policy}}``; an empty element with ``data-t="key"``
            gets a sentence.
        sentence: the sentence of a key, in the language that the page opens in.
        parts: what stands in each slot but the policy's, as HTML.
        scripts: names of the parts that stand in script elements.
        styles: names of those in style elements.

    >>> made = standalone('<p data-t="a.b"></p>{{x}}{{policy}}', str.upper, parts={"x": "1"}, scripts=("x",), styles=())
    >>> made[:35]
    '<p data-t="a.b">A.B</p>1default-src'
    """
    whole = {**parts, "policy": _security([parts[name] for name in scripts], [parts[name] for name in styles])}
    said = SENTENCE.sub(lambda found: found[1] + html.escape(sentence(found[2])), template)
    return SLOT.sub(lambda found: whole[found[1]], said)


def as_script_data(value: object) -> str:
    """JSON that may stand inside a script element: no text in it can end the element or begin another.

    Raises:
        ValueError: a number is not finite.

    >>> as_script_data("</script><!--")
    '"\\\\u003c/script\\\\u003e\\\\u003c!--"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def asset(name: str) -> str:
    """A file that comes with the pages, such as ``uPlot.iife.min.js``."""
    return files("tamis.calibrate.evidence").joinpath("web", name).read_text(encoding="utf-8")


def _security(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """A policy that allows the page's own scripts and styles by their digests, and nothing else."""
    return (
        f"default-src 'none'; script-src {_digests(scripts)}; style-src {_digests(styles)}; base-uri 'none'; "
        "form-action 'none'; connect-src 'none'; img-src 'none'"
    )


def _digests(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
