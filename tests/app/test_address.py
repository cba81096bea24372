"""Links that are wrong in part, on the page: said in plain words, the rest kept. What each part may be: tests/ui."""

from tests.app.screen import address, bars, fine, open_explain, press, set_concept

REVIEW = "The soup was cold."


def test_every_bad_part_is_named_and_the_good_ones_are_kept() -> None:
    at = fine(open_explain(
        text=REVIEW, override=["noise=Positive", "fod=Positive", "food=0.5,0.5"], target="food", label="six",
        steps="9" * 5000, compare="magic",
        part="![x](https://example.org/x.png) <img src=x> :red[y] $z$", hidden="99", txet="hello",
        utm_source="mail", method="gradient-x-input"))
    notice = at.warning[0].value
    for given in ("fod=Positive", "food=0.5,0.5", "target=food", "label=six", "steps=9", "compare=magic", "word 99"):
        assert given in notice.replace("\\", ""), given
    assert r"\!\[x\]\(https\:\/\/example\.org\/x\.png\) \<img src\=x\> \:red\[y\] \$z\$" in notice
    assert len(at.warning) == 1 or "txet" not in at.warning[0].value
    lines = [line.value for line in at.markdown if "txet" in line.value]
    assert len(lines) == 1 and "utm" not in lines[0]
    assert address(at) == {"text": [REVIEW], "override": ["noise=Positive"], "method": ["gradient-x-input"]}
    assert bars(at, "Before") != bars(at, "After")

    at = fine(set_concept(at, "food", "Positive"))
    assert at.warning[0].value == notice, "it stays until it is dismissed"
    at = fine(press(at, "Dismiss"))
    assert not any("label=six" in warning.value.replace("\\", "") for warning in at.warning)
    assert set(address(at)["override"]) == {"noise=Positive", "food=Positive"}


def test_settings_without_a_review_are_kept_for_it() -> None:
    at = fine(open_explain(override="food=Positive"))
    assert at.info and address(at) == {"override": ["food=Positive"]}
