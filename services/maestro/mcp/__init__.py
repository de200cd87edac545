"""Maestro's tools for agents that speak the Model Context Protocol: ask for approval, report progress, record a
decision. The server is a process of the agent's (`maestro mcp`, over standard input and output) and is trusted with
nothing: what it is told goes over the agent's line to its worker, who proposes it to the gatekeeper.
"""
