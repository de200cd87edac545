"""How fast is Maestro on this machine? Each figure stands beside a floor that was measured in the same run.

The floor of a benchmark is the least that anybody would have to do for the same promise: bare pipelined XADD, a bare
loop over FastStream's batch subscriber, bare XRANGE with a typed decode, `python -c pass`. A ratio to it says what
Maestro itself costs, on a slow machine as on a fast one. Nothing here is a test: a missed target is printed, not
raised.
"""
