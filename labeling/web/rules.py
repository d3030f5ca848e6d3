"""The rules of a campaign in the words of the settings page, in the groups it shows them in."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "name": _("Name"),
    "description": _("Description"),
    "overlap": _("Judgments for each comparison"),
    "max_overlap": _("At most, where it stays uncertain"),
    "verdict_rule": _("What settles a comparison"),
    "verdict_threshold": _("How sure a verdict must be"),
    "scale": _("What annotators say"),
    "allow_tie": _("Offer “tie”"),
    "allow_both_bad": _("Offer “both bad”"),
    "allow_skip": _("Offer “skip”"),
    "allow_flag": _("Let annotators flag harm and personal data"),
    "allow_edit": _("Let annotators improve the better one"),
    "blind": _("Hide which model wrote what"),
    "order": _("Order in which comparisons are given"),
    "may_judge_own": _("People may judge what they brought in themselves"),
    "quota": _("Most judgments of one person in all"),
    "quota_per_day": _("Most judgments of one person a day"),
    "prefetch": _("Comparisons held ahead"),
    "lease_seconds": _("Seconds an annotator may keep a comparison"),
    "undo_seconds": _("Seconds a judgment can be changed or taken back"),
    "gold_rate": _("Share of gold"),
    "gold_action": _("Whose gold is too often wrong"),
    "gold_threshold": _("Accuracy below which it is too often"),
    "gold_minimum": _("Gold judgments before anything is done"),
    "retest_rate": _("Share of retests"),
    "retest_after": _("Judgments between the two"),
}

HELP = {
    "name": _("Annotators see it."),
    "overlap": _(
        "With 1 nothing can be said about agreement; 2 or 3 people on the same comparison show it. A new number "
        "holds for comparisons that nobody has been given yet, and for later ones."
    ),
    "max_overlap": _(
        "Adaptive overlap: only comparisons whose verdict is still uncertain get more judgments, up to this "
        "number. Empty: all get the same."
    ),
    "verdict_rule": _(
        "Majority: more than half. Unanimity: all. Dawid-Skene: votes weighed by how often each annotator "
        "errs, estimated from all of them. Where the rule finds no winner, a comparison waits for an expert. Changing "
        "it makes all verdicts anew in the background."
    ),
    "verdict_threshold": _(
        "A probability, 0.51 to 0.999. Once it is reached, Dawid-Skene settles a comparison, and "
        "adaptive overlap asks nobody else."
    ),
    "scale": _("With strength they also say slightly, clearly or much better."),
    "allow_tie": _("Two that are equally good."),
    "allow_both_bad": _("Two of which neither should be chosen."),
    "allow_skip": _("Somebody who does not know may pass; somebody else is asked instead."),
    "allow_flag": _("A flagged comparison is given to nobody else until a lead has looked at it."),
    "allow_edit": _(
        "Where they do, training also gets the improved text as better than both, once the verdict agrees."
    ),
    "blind": _("Neither the page nor the API names the model version to annotators."),
    "order": _(
        "Within a priority; comparisons of a higher priority always come first. Holds for comparisons that come "
        "in from now on."
    ),
    "may_judge_own": _(
        "Off: nobody is given a comparison that they imported. Gold never goes to who wrote its answer."
    ),
    "quota": _("Empty: no limit. Skips do not count."),
    "quota_per_day": _("Empty: no limit."),
    "prefetch": _(
        "0 to 30 beside the one in front of them: the next is there at once, and so many can be judged without "
        "a network. They are nobody else's meanwhile."
    ),
    "lease_seconds": _("Afterwards it goes to somebody else. The page renews it while somebody is at work."),
    "undo_seconds": _("0: never. The earlier judgment is kept, superseded."),
    "gold_rate": _(
        "0 to 0.5. Gold has a known answer and measures annotators; they cannot tell. It is never trained on."
    ),
    "gold_action": _(
        "Done when it is sure: the upper end of the 95 % interval of their accuracy is below the threshold. "
        "A paused annotator is given nothing new until you let them go on, on the page of people."
    ),
    "gold_threshold": _("0 to 1. One who guesses is right about 0.5 of the time, with ties less."),
    "gold_minimum": _("Fewer say little."),
    "retest_rate": _(
        "0 to 0.5. Comparisons that come back to the same annotator, sides exchanged: they show how steady "
        "somebody is and how much the side matters. They count in no verdict."
    ),
    "retest_after": _("At least so many judgments lie between the first time and the retest."),
}
