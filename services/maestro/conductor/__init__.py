"""The conductor: the process manager. It folds a run's log and decides what is asked for next.

Trusted with: ordering, never truth. It can neither vote, nor answer a gate, nor claim work: those events are refused
under its name.
If it dies: nothing is lost; the next one folds the log and finds the same things due. Two at once decide the same
events with the same ids, and the log takes each id once.
If it lies: it can start work too early or leave work undone, and the log shows it; what it says was accepted has the
validators' votes beside it, or visibly has not.

Read: `errors.py` (which failure is retried, and how), `decider.py` (what is due), `asking.py` (which command follows
from which event), `refine.py` (tasks from what failed), `turn.py` (decisions that follow from each other), `service.py`
(I/O).
"""
