"""What can an action do? The words stand in the contracts, since policies, events and programs of others use them too."""

from __future__ import annotations

from maestro_contracts.effects import Effect, EffectKind, Where

__all__ = ["Effect", "EffectKind", "Where"]
