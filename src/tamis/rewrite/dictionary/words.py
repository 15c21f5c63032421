"""English words that are also written in capitals for something else."""

from __future__ import annotations

from tamis.text.stopwords import ENGLISH

_WORDS = """
act add age aid aids aim air all amp ape app apt arc are arm art ash ask bag ban bar bat bay bee bet bit cab can cap car
care cat chip cod code cola cop core cost cow cure dad dam day den die dim dip doc dot dove drag ear eat egg end erase
fact far fast fat fee fig fit fix fun gap gas get golf hip hit ice idea if ill ion it jam key kit lab lap law led let
lid lie low mad man map march mat may men mess mint mop net nice now oil ops pan par pass pat pen pet pie pin pit pod
pop pot pro ram rat raw rest rice rip rob row run sad safe salt sap save scuba sea see set she sin sip sit ski smart
soap sos spa spam star start sum sun swat tab tag tap tea ten tip toll top toy try use van vat via wan war was web wet
who win wine yes zip us ok hi oh ah pa ma me go mum
"""
ENGLISH_WORDS = ENGLISH | frozenset(_WORDS.split())
