"""Does a cloud's command speak of secrets? By its nouns."""

from __future__ import annotations

import re

from maestro.policy.shell.use import Use

_NOUNS = re.compile(
    r"^(?:secrets?|keyvault|vault|credentials?|access-keys?|api-keys?|apikeys?|publishing-credentials"
    r"|list-publishing-credentials|list-publishing-profiles|publish-profile|connection-strings?"
    r"|show-connection-string|print-access-token|print-identity-token|get-access-token"
    r"|application-default|ssh-keys?|sshkeys?|tokens?|service-principals?|set-password|reset-password"
    r"|reset-user-password|list-keys|regenerate-key|renew-key|create-for-rbac|get-credentials-none|kms"
    r"|authorized-keys|env|variables?|config)$"
)
_SOMETIMES = frozenset("env variables variable config kms token tokens".split())


def is_kept_secret(use: Use, words: list[str]) -> bool:
    found = {word for word in words if _NOUNS.match(word)}
    if "keys" in words and re.search(
        r"keys (?:list|renew|create|delete|reset)|storage account keys|iam service-accounts keys", " ".join(words)
    ):
        return True
    if found - _SOMETIMES:
        return True
    if "env" in found and use.name in ("vercel", "netlify", "railway", "amplify", "eb"):
        return words[-1] not in ("ls", "list")
    if "variables" in found and use.name == "railway":
        return True
    if "config" in found and use.name in ("heroku",):
        return True
    return bool(found & {"token", "tokens"})
