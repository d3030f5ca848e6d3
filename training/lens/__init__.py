"""The lens, a look into the hidden reward: its pairs, surprises and arithmetic, and the lessons of the lab."""
