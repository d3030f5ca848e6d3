"""DPO in PyTorch: preference pairs in, an adapter or a whole model out.

A program of its own: no Django, no Celery, no database. Run it with ``python -m training.engine --help``;
``docs/explanation/engine.md`` explains how it works. Importing this package is cheap: torch is loaded by the
modules that need it.
"""
