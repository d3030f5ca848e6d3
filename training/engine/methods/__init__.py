"""Methods that DPO is measured against: RLHF (RLOO, PPO) and best-of-n. DPO needs nothing of this."""
