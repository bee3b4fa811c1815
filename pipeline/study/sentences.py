"""All that a study has found, in plain sentences."""

from pipeline.study.curve_words import curve_sentences
from pipeline.study.words import (
    Found,
    detectable_sentence,
    effect_sentences,
    gap_sentence,
    interaction_sentence,
    missing_sentences,
    worth_noting,
)


def sentences(found: Found) -> list[str]:
    """The answer first, then what it rests on."""
    said = [*effect_sentences(found), *map(gap_sentence, found["transfer_gaps"]), *curve_sentences(found["curves"])]
    said += [interaction_sentence(one) for one in found["interactions"] if worth_noting(one)]
    return [*said, *map(detectable_sentence, found["detectable"]), *missing_sentences(found["experiments"])]
