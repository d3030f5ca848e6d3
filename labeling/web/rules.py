"""The rules of a campaign in the words of the settings page, in the groups it shows them in."""

LABELS = {
    "overlap": "Judgments for each comparison",
    "max_overlap": "At most, where it stays uncertain",
    "verdict_rule": "What settles a comparison",
    "verdict_threshold": "How sure a verdict must be",
    "scale": "What annotators say",
    "allow_tie": "Offer “tie”",
    "allow_both_bad": "Offer “both bad”",
    "allow_skip": "Offer “skip”",
    "allow_flag": "Let annotators flag harm and personal data",
    "allow_edit": "Let annotators improve the better one",
    "blind": "Hide which model wrote what",
    "order": "Order in which comparisons are given",
    "may_judge_own": "People may judge what they brought in themselves",
    "quota": "Most judgments of one person in all",
    "quota_per_day": "Most judgments of one person a day",
    "prefetch": "Comparisons held ahead",
    "lease_seconds": "Seconds an annotator may keep a comparison",
    "undo_seconds": "Seconds a judgment can be changed or taken back",
    "gold_rate": "Share of gold",
    "gold_action": "Whose gold is too often wrong",
    "gold_threshold": "Accuracy below which it is too often",
    "gold_minimum": "Gold judgments before anything is done",
    "retest_rate": "Share of retests",
    "retest_after": "Judgments between the two",
}

HELP = {
    "name": "Annotators see it.",
    "overlap": "With 1 nothing can be said about agreement; 2 or 3 people on the same comparison show it. A new number "
    "holds for comparisons that nobody has been given yet, and for later ones.",
    "max_overlap": "Adaptive overlap: only comparisons whose verdict is still uncertain get more judgments, up to this "
    "number. Empty: all get the same.",
    "verdict_rule": "Majority: more than half. Unanimity: all. Dawid-Skene: votes weighed by how often each annotator "
    "errs, estimated from all of them. Where the rule finds no winner, a comparison waits for an expert. Changing it "
    "makes all verdicts anew in the background.",
    "verdict_threshold": "A probability, 0.51 to 0.999. Once it is reached, Dawid-Skene settles a comparison, and "
    "adaptive overlap asks nobody else.",
    "scale": "With strength they also say slightly, clearly or much better.",
    "allow_tie": "Two that are equally good.",
    "allow_both_bad": "Two of which neither should be chosen.",
    "allow_skip": "Somebody who does not know may pass; somebody else is asked instead.",
    "allow_flag": "A flagged comparison is given to nobody else until a lead has looked at it.",
    "allow_edit": "Where they do, training also gets the improved text as better than both, once the verdict agrees.",
    "blind": "Neither the page nor the API names the model version to annotators.",
    "order": "Within a priority; comparisons of a higher priority always come first. Holds for comparisons that come "
    "in from now on.",
    "may_judge_own": "Off: nobody is given a comparison that they imported. Gold never goes to who wrote its answer.",
    "quota": "Empty: no limit. Skips do not count.",
    "quota_per_day": "Empty: no limit.",
    "prefetch": "0 to 30 beside the one in front of them: the next is there at once, and so many can be judged without "
    "a network. They are nobody else's meanwhile.",
    "lease_seconds": "Afterwards it goes to somebody else. The page renews it while somebody is at work.",
    "undo_seconds": "0: never. The earlier judgment is kept, superseded.",
    "gold_rate": "0 to 0.5. Gold has a known answer and measures annotators; they cannot tell. It is never trained on.",
    "gold_action": "Done when it is sure: the upper end of the 95 % interval of their accuracy is below the threshold. "
    "A paused annotator is given nothing new until you let them go on, on the page of people.",
    "gold_threshold": "0 to 1. One who guesses is right about 0.5 of the time, with ties less.",
    "gold_minimum": "Fewer say little.",
    "retest_rate": "0 to 0.5. Comparisons that come back to the same annotator, sides exchanged: they show how steady "
    "somebody is and how much the side matters. They count in no verdict.",
    "retest_after": "At least so many judgments lie between the first time and the retest.",
}
