"""From the leashed reward to DPO's loss in six steps: equations 3 to 7 of DPO (arXiv 2305.18290)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_RATIO = r"\beta \log \frac{\pi(%s \mid x)}{\pi_{\text{ref}}(%s \mid x)}"
_FIRST, _SECOND = _RATIO % ("y_1", "y_1"), _RATIO % ("y_2", "y_2")

STEPS: tuple[tuple[str | Promise, str], ...] = (
    (
        _("The goal of RLHF: much reward, little drift."),
        r"\max_{\pi}\; \mathbb{E}_{y \sim \pi(y \mid x)}\left[ r(x, y) \right] "
        r"- \beta\, \mathrm{KL}\left(\pi \,\|\, \pi_{\text{ref}}\right)",
    ),
    (
        _(
            "Its best model: the reference, with each answer made more likely by its reward. Z makes the probabilities "
            "add up to one; to compute it one would have to sum over all texts there are."
        ),
        r"\pi(y \mid x) = \frac{1}{Z(x)}\, \pi_{\text{ref}}(y \mid x)\, \exp\left(\frac{1}{\beta} r(x, y)\right)",
    ),
    (
        _("Take logarithms and solve for the reward."),
        rf"r(x, y) = {_RATIO % ('y', 'y')} + \beta \log Z(x)",
    ),
    (
        _(
            "People compare two answers. How likely they choose the first depends on the difference of rewards only "
            "(Bradley-Terry)."
        ),
        r"P(y_1 \succ y_2) = \sigma\left( r(x, y_1) - r(x, y_2) \right)",
    ),
    (
        _("Put step 3 into step 4. The term with Z is the same for both answers, so it cancels."),
        rf"r(x, y_1) - r(x, y_2) = {_FIRST} - {_SECOND}",
    ),
    (
        _("Make the choices that people made as likely as possible: this is DPO's loss."),
        rf"-\log \sigma\left( {_FIRST} - {_SECOND} \right)",
    ),
)
"""A sentence and the formula that it leads to, in LaTeX."""
