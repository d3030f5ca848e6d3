"""Everything from "give me the next comparison" to the verdict.

`acts` is what edges call: judge, change, undo. Each locks in one order (membership, assignment, comparison, totals; see
`queue`), changes objects in `effects` and `settling`, and writes them back in one statement.
"""
