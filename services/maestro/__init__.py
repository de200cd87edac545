"""Maestro turns a feature request and a git repository into a validated branch (see docs/architecture.md)."""
