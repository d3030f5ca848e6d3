"""Labels and help texts for a campaign's rules, in the order of the settings page."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "name": _("Name"),
    "description": _("Description"),
    "overlap": _("Judgments per comparison"),
    "overlap_share": _("Share judged several times"),
    "max_overlap": _("Maximum for uncertain comparisons"),
    "verdict_rule": _("Verdict rule"),
    "verdict_threshold": _("Required confidence"),
    "scale": _("Preference scale"),
    "allow_tie": _("Offer “tie”"),
    "allow_both_bad": _("Offer “both bad”"),
    "allow_skip": _("Offer “skip”"),
    "allow_flag": _("Allow flags for harm and personal data"),
    "allow_edit": _("Allow edits of the better completion"),
    "blind": _("Blind: hide model names"),
    "pseudonymous": _("Pseudonymous: hide annotators' names"),
    "order": _("Order of comparisons"),
    "may_judge_own": _("Allow judging one's own imports"),
    "quota": _("Judgments per person, in total"),
    "quota_per_day": _("Judgments per person and day"),
    "prefetch": _("Comparisons leased ahead"),
    "lease_seconds": _("Lease (minutes)"),
    "undo_seconds": _("Undo period (minutes)"),
    "gold_rate": _("Share of gold"),
    "gold_action": _("When gold accuracy is too low"),
    "gold_threshold": _("Lowest acceptable gold accuracy"),
    "gold_minimum": _("Gold judgments before acting"),
    "retest_rate": _("Share of retests"),
    "retest_after": _("Judgments before a retest"),
    "guidelines_first": _("Annotators read the guidelines first"),
    "qualification_pairs": _("Pairs of the qualification"),
    "qualification_right": _("Right answers needed"),
    "qualification_attempts": _("Attempts per person"),
}

SHARES = ("overlap_share", "verdict_threshold", "gold_rate", "gold_threshold", "retest_rate")
"""Rules that are shares from 0 to 1. People type and read them as percentages."""

HELP = {
    "name": _("Visible to annotators."),
    "overlap": _(
        "Agreement needs at least 2 judgments per comparison. A new number applies to comparisons that have not been "
        "assigned yet, and to later ones."
    ),
    "overlap_share": _(
        "The comparisons that get these judgments. The others get one. A fifth is enough to measure agreement."
    ),
    "max_overlap": _(
        "Adaptive overlap: only comparisons with an uncertain verdict get more judgments, up to this number. Empty: "
        "all get the same number."
    ),
    "verdict_rule": _(
        "Majority: more than half. Unanimity: all. Dawid-Skene: votes weighted by each annotator's estimated error "
        "rate. Without a winner, a comparison waits for an expert. A change recounts all verdicts in the background."
    ),
    "verdict_threshold": _(
        "51 to 99.9. Once it is reached, Dawid-Skene settles the comparison and adaptive overlap "
        "asks for no more judgments."
    ),
    "scale": _("With strength, annotators also choose slightly, clearly or much better."),
    "allow_tie": _("Both completions are equally good."),
    "allow_both_bad": _("Neither completion should be chosen."),
    "allow_skip": _("Annotators who cannot decide may skip; others judge the comparison instead."),
    "allow_flag": _("A flagged comparison is not assigned again until a lead has reviewed it."),
    "allow_edit": _("If the verdict agrees, training also learns that the edited text is better than both."),
    "blind": _("Neither the page nor the API shows annotators the model version."),
    "pseudonymous": _("Leads see pseudonyms beside judgments, questions and figures. The list of members keeps names."),
    "order": _("Within a priority; a higher priority always comes first. Applies to comparisons added from now on."),
    "may_judge_own": _(
        "Off: comparisons are never assigned to the person who imported them. Gold is never assigned to the person "
        "who set its verdict."
    ),
    "quota": _("Empty: no limit. Skips do not count."),
    "quota_per_day": _("Empty: no limit."),
    "prefetch": _(
        "0 to 30, besides the current one. They appear at once, can be judged offline, and are assigned to nobody "
        "else meanwhile."
    ),
    "lease_seconds": _("After that the comparison goes to others. The page renews the lease during work."),
    "undo_seconds": _(
        "0: never. The earlier judgment is kept as superseded. The period starts with the first judgment of a pair. A "
        "change does not extend it."
    ),
    "gold_rate": _(
        "0 to 50. Gold has a known verdict and measures annotators, who cannot recognise it. It is never trained on."
    ),
    "gold_action": _(
        "Happens once the upper end of the 95 % interval of the accuracy is below the limit. Paused annotators get "
        "no new assignments until you resume them on the People page."
    ),
    "gold_threshold": _("0 to 100. Guessing gives about 50, or less with ties."),
    "gold_minimum": _("Fewer judgments say little about accuracy."),
    "retest_rate": _(
        "0 to 50. The same annotator gets a comparison again, with the sides swapped. This measures consistency and "
        "the effect of the side. Retests count in no verdict."
    ),
    "retest_after": _("The least number of judgments between the first time and the retest."),
    "guidelines_first": _(
        "Once per version that must be read. Programs that judge must say that they have read them, too. Leads and "
        "simulated annotators are exempt."
    ),
    "qualification_pairs": _(
        "0: nobody has to qualify. Otherwise annotators judge this many pairs with known answers before they are "
        "assigned anything, also those who have judged already. Mark the pairs on the Practice page first."
    ),
    "qualification_right": _("Fewer right answers do not qualify. Guessing gives about half of them."),
    "qualification_attempts": _("0: any number. On the People page you can let somebody pass or start again."),
}


def in_minutes(seconds: int) -> float:
    """Minutes as the form shows them: whole where they are, else to the hundredth, which names the second."""
    minutes = round(seconds / 60, 2)
    return int(minutes) if minutes.is_integer() else minutes
