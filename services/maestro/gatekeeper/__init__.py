"""The gatekeeper: opens the gates at which people decide, takes their answers, keeps the deadlines.

Trusted with: enforcing the rules of a gate (only an answer that is exactly one choice decides, once, in time). Not
with the decision: it cannot sign for a person, and what it refused stands in the log as well.
If it dies: gates stay as they are in the log; deadlines are durable timers and wait for the next gatekeeper.
If it lies: it can record an answer that nobody gave (people's own signatures will close this) or leave one out; it
cannot give one gate two decisions, since they share one id.

Read: `book.py` (what the log says of the gates), `answers.py` (is this an answer?), `decider.py` (what follows),
`service.py` (I/O).
"""
