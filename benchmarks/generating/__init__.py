"""What the benchmark of generation needs: a server at stub speed, vLLM without a server, and campaigns with prompts."""
