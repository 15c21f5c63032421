"""Words and characters too common to tell documents apart."""

from __future__ import annotations

_ENGLISH = """
a about above after again against all am an and any are aren't as at be because been before being below between both
but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from further
had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how how's i
i'd i'll i'm i've if in into is isn't it it's its itself just let's me more most mustn't my myself no nor not now of
off on once only or other ought our ours ourselves out over own same shan't she she'd she'll she's should shouldn't so
some such than that that's the their theirs them themselves then there there's these they they'd they'll they're
they've this those through to too under until up very was wasn't we we'd we'll we're we've were weren't what what's
when when's where where's which while who who's whom why why's will with won't would wouldn't you you'd you'll you're
you've your yours yourself yourselves
"""
ENGLISH = frozenset(_ENGLISH.split())

# Particles, prepositions, pronouns: single characters only, which the segmenter gives where it finds no longer word.
CHINESE = frozenset("的了是在和与及或也都就而着吗呢吧啊呀嘛么之其这那此于以被把让向从对我你您他她它们")
