"""The whole platform on one machine: `python -m config.platform`, which `make run` calls.

programs.py     the programs: services, web, workers, beat
supervisor.py   the process manager (supervisord), its configuration and its interface
steps.py        the commands before the start: migrations, static files, the demo
lifecycle.py    the order of starting, watching and stopping all of this
vllm.py         the optional vLLM server
control.py      a command that stops or starts one program of a running platform
program.py      a command that becomes one program, for containers
__main__.py     the command line
"""
