"""The event log: written with each act, below everything that acts."""
