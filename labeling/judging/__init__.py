"""Everything from "give me the next comparison" to the verdict.

Edges call `acts` (judge, change, undo) and `assignments` (next, renew, release). Each act locks in one order
(membership, assignment, comparison, totals; see `queue`), changes objects in `effects` and `settling`, and writes them
back in one statement.
"""
