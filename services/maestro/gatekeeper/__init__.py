"""The gatekeeper: judges what agents want to do, opens the gates at which people decide, takes their answers.

Trusted with: enforcing the rules (the level of an action comes from its payload; only an answer that is exactly one
choice, signed by somebody who may decide there, counts; once, in time). Not with the decision: it cannot sign for a
person, and what it refused stands in the log as well.
If it dies: gates stay as they are in the log; deadlines, reminders and escalations are durable timers and wait for the
next gatekeeper; what is proposed waits.
If it lies: it can leave an answer out, or call something level 1 that is not; the log holds what was proposed and what
every person signed, so that an audit finds both. It cannot give one gate two decisions, since they share one id.

Read: `book.py` (what the log says of the gates), `words.py` (whose word is this?), `answers.py` (is it an answer?),
`counting.py` (what do the votes come to?), `gates.py`, `waiting.py` and `proposing.py` (what follows), `ending.py`
(how a gate ends), `decider.py` (all of it), `service.py` (I/O).
"""
