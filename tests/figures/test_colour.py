"""One scale, symmetric about zero and readable at every step."""

import pytest

from sparsecbm.figures.style import (
    DARK_PAPER,
    OPPOSES,
    PAPER,
    SHARED,
    SUPPORTS,
    contrast,
    diverging,
    ink_on,
    sequential,
    shading,
    sign_colour,
)


@pytest.mark.parametrize("paper", [PAPER, DARK_PAPER])
def test_zero_is_the_paper_and_the_ends_are_the_two_colours(paper: str) -> None:
    assert diverging(0.0, paper) == paper
    assert diverging(1.0, paper) == diverging(7.0, paper) == SUPPORTS
    assert diverging(-1.0, paper) == diverging(-7.0, paper) == OPPOSES


@pytest.mark.parametrize("paper", [PAPER, DARK_PAPER])
def test_text_is_readable_on_every_step(paper: str) -> None:
    steps = [diverging(step / 100, paper) for step in range(-100, 101)]
    assert min(contrast(step, ink_on(step)) for step in steps) >= 4.5


@pytest.mark.parametrize("paper", [PAPER, DARK_PAPER])
def test_shares_go_from_the_paper_to_one_colour_that_is_neither_of_the_two(paper: str) -> None:
    assert sequential(0.0, paper) == sequential(-1.0, paper) == paper
    assert sequential(1.0, paper) == sequential(7.0, paper) == SHARED
    assert SHARED not in (SUPPORTS, OPPOSES)
    steps = [sequential(step / 100, paper) for step in range(101)]
    assert min(contrast(step, ink_on(step)) for step in steps) >= 4.5


@pytest.mark.parametrize("share", [-1.0, -0.3, 0.1, 0.8])
def test_a_page_for_both_schemes_carries_the_colours_of_both(share: float) -> None:
    light, dark = diverging(share, PAPER), diverging(share, DARK_PAPER)
    assert shading(share, dark=False) == f"background:{light};color:{ink_on(light)}"
    assert shading(share, dark=True) == f"background:{dark};color:{ink_on(dark)}"
    assert shading(share, None) == (f"background:light-dark({light},{dark});"
                                    f"color:light-dark({ink_on(light)},{ink_on(dark)})")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_zero_has_neither_colour() -> None:
    assert len({sign_colour(number) for number in (-1.0, 0.0, 1.0)}) == 3
