"""Agents: who does a task's work? One small protocol (`protocol.py`) and the backends that keep it.

`command.py` runs any program, `script.py` plays a YAML playbook (`playbook.py`), `process.py` and its warden run
programs so that nothing of them survives.

Trusted with: nothing. What an agent says is data for a claim, never a fact.
If it lies: the validators find out. If it dies, hangs, floods its output or leaves processes behind: the backend ends
it, all of it, and reports a problem.
"""
