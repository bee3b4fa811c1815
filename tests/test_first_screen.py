"""The short answer of a study: what is distinguishable with its interval, the rest by name and range."""

from typing import Any

from pipeline.study.first_screen import answers
from pipeline.study.words import clear_sentence

WHO = "Classifier, synthetic training"


def effect(factor: str, value: float, verdict: str = "not distinguishable", **more: Any) -> dict[str, Any]:
    real = {"value": value, "low": value - 0.01, "high": value + 0.01}
    about = {"task": "classifier", "regime": "synthetic", "metric": "accuracy", "factor": factor, "level": "off"}
    return {**about, "real_test": real, "p_holm": 0.01, "verdict": verdict, **more}


def found(*effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"planned": 5, "missing": [], "of_other_code": 0}
    return {"effects": effects, "detectable": [], "transfer_gaps": [], "curves": [], "experiments": whole, **more}


def test_what_is_not_distinguishable_is_one_sentence_with_the_range_and_what_would_be_seen() -> None:
    seen = {"task": "classifier", "regime": "synthetic", "metric": "accuracy", "smallest": 0.014}
    (said,) = answers(found(effect("light", -0.004), effect("blur", 0.003), effect("lens", 0.0), detectable=[seen]))
    names = "light=off, blur=off, lens=off"
    seen_text = "on real test from -0.4 to +0.3 accuracy points, where a true 1.4 would be seen four times out of five"
    assert said == f"{WHO}: not distinguishable from the baseline: {names}; {seen_text}."


def test_one_seed_says_nothing_of_what_would_be_seen_and_one_effect_has_no_range() -> None:
    (said,) = answers(found(effect("light", -0.004)))
    assert said == f"{WHO}: not distinguishable from the baseline: light=off; on real test -0.4 accuracy points."


def test_tasks_and_regimes_have_sentences_of_their_own() -> None:
    said = answers(found(effect("light", 0.0), effect("light", 0.0, regime="mixed")))
    assert [text.split(":")[0] for text in said] == [WHO, "Classifier, mixed training"]


def test_three_of_six_clear_effects_have_a_sentence_the_strongest_first_and_none_is_left_out() -> None:
    sizes = {"a": 0.02, "b": -0.05, "c": 0.01, "d": 0.04, "e": -0.03}
    effects = {name: effect(name, size, "better" if size > 0 else "worse") for name, size in sizes.items()}
    weak = effect("a", 0.001, "better", regime="mixed")
    said = answers(found(*effects.values(), weak))
    first = [clear_sentence(effects[name]) for name in "bde"]
    own, other = "a=off (better), c=off (better)", "Classifier, mixed training"
    assert said == [*first, f"{WHO}: distinguishable too: {own}.", f"{other}: distinguishable too: a=off (better)."]
