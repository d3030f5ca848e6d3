"""Language models on a machine: families, number formats, loading, LoRA layers, and folders that are whole or absent.

The ground that training.engine and training.generation both stand on: standard library, torch and transformers only.
Importing this package is cheap: torch and transformers are loaded by the modules that need them.
"""
