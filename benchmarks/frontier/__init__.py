"""Reward against KL of DPO and of the methods it is measured against, on a small world of our own."""
