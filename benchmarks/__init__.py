"""The programs behind every published figure. Each prints its own figures; `make bench` runs them all."""
