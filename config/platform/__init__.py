"""The whole platform on one machine: `python -m config.platform`, which `make run` calls.

programs.py     what is run: services, web, workers, beat
supervisor.py   the process manager that runs it (supervisord), its configuration, and asking it things
steps.py        what is done once before: migrations, static files, the demo
lifecycle.py    in which order all this starts, is watched and stops
__main__.py     the command line
"""
