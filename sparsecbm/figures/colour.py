"""The diverging colour scale (blue supports, vermillion opposes), a scale for shares, and readable text on both.

Okabe and Ito's colours, which people with common forms of colour blindness can distinguish. Colour never shows a sign
alone: whoever uses these colours prints the sign as well.
"""

SUPPORTS = "#0072B2"
OPPOSES = "#D55E00"
#: End of the scale for shares 0..1, such as an overlap: a colour that neither supports nor opposes.
SHARED = "#009E73"
NEUTRAL = "#7A828C"
PAPER = "#FFFFFF"
DARK_PAPER = "#171614"

_INKS = ("#000000", "#FFFFFF")


def diverging(share: float, paper: str = PAPER) -> str:
    """Background for a signed share in -1..1 (clipped): the paper at 0, full blue at 1, full vermillion at -1."""
    return mixed(paper, SUPPORTS if share > 0 else OPPOSES, abs(share))


def sequential(share: float, paper: str = PAPER) -> str:
    """Background for a share 0..1 (clipped): the paper at 0."""
    return mixed(paper, SHARED, max(share, 0.0))


def mixed(start: str, end: str, amount: float) -> str:
    """A colour between two: the start at 0, the end from 1 on."""
    pairs = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * min(amount, 1.0)):02X}" for a, b in pairs)


def ink_on(background: str) -> str:
    """Black or white, whichever contrasts more with the background."""
    return max(_INKS, key=lambda ink: contrast(ink, background))


def shading(share: float, dark: bool | None) -> str:
    """CSS of a box in the scale's colour with a readable ink; `dark` None gives both, for the page's colour
    scheme to choose from."""
    if dark is None:
        backgrounds = [diverging(share, paper) for paper in (PAPER, DARK_PAPER)]
        inks = [ink_on(background) for background in backgrounds]
        return f"background:light-dark({','.join(backgrounds)});color:light-dark({','.join(inks)})"
    background = diverging(share, DARK_PAPER if dark else PAPER)
    return f"background:{background};color:{ink_on(background)}"


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1..21; small text wants 4.5."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def sign_colour(number: float) -> str:
    """Colour of a bar by its sign."""
    return SUPPORTS if number > 0 else OPPOSES if number < 0 else NEUTRAL


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour)))
    return float(sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
