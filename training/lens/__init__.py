"""The lens: looking into the hidden reward. Pairs to look at, what a run predicts worst, the arithmetic, the lessons of
the lab."""
