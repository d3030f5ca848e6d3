"""The event log: each act writes to it. It imports nothing that acts."""
