"""DPO steps under the clock: one workload, one program for each trainer."""
