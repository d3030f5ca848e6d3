"""The numbers of the README: each program prints its own, `make bench` runs them all."""
