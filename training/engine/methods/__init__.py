"""Methods that DPO is measured against: RLHF (RLOO, PPO), online DPO and best-of-n. DPO needs nothing of this."""
