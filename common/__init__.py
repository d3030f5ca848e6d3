"""The ground both apps stand on: it knows no table of theirs."""
