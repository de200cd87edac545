"""What can an action do? The words stand in the contracts, since policies and events use them too."""

from __future__ import annotations

from maestro_contracts.effects import Effect, EffectKind, Where

__all__ = ["Effect", "EffectKind", "Where"]
