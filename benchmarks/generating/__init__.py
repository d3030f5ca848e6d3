"""Parts of the generation benchmark: a stub server, vLLM without a server, and campaigns with prompts."""
