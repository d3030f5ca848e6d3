"""The high-contrast theme: text at 7 to 1 (WCAG 1.4.6), edges and marks at 3 to 1, on every background."""

import re

from config.embedded.var import PROJECT_DIR

GROUNDS = ("paper", "surface", "sunken", "raised", "accent-soft", "differs")
TEXTS = ("ink",)
TEXTS_ON_PLAIN_GROUND = ("muted", "accent", "accent-strong", "danger", "warning", "info", "code-comment")
EDGES = ("line", "line-strong")


def contrast_theme() -> dict[str, str]:
    """The theme's colours by name."""
    css = (PROJECT_DIR / "frontend" / "css" / "tokens.css").read_text()
    block = css.split(':root[data-theme="contrast"] {', 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert round(ratio("#000000", "#ffffff"), 2) == 21
    assert round(ratio("#777777", "#ffffff"), 2) == 4.48


def test_every_text_stands_out_from_every_ground() -> None:
    theme = contrast_theme()
    plain = [ground for ground in GROUNDS if ground not in ("accent-soft", "differs")]
    wanted = [(text, ground) for text in TEXTS for ground in GROUNDS]
    wanted += [(text, ground) for text in TEXTS_ON_PLAIN_GROUND for ground in plain]
    wanted.append(("on-accent", "accent"))
    low = {pair: ratio(theme[pair[0]], theme[pair[1]]) for pair in wanted}
    assert {pair: contrast for pair, contrast in low.items() if contrast < 7} == {}


def test_every_edge_is_seen() -> None:
    theme = contrast_theme()
    assert all(ratio(theme[edge], theme[ground]) >= 3 for edge in EDGES for ground in ("paper", "surface", "sunken"))
