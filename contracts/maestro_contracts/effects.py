"""What can an action do? The closed vocabulary between the parts that understand actions and the policy that judges
them. A policy speaks of these words and never of command strings.
"""

from __future__ import annotations

from typing import Literal

import msgspec

EffectKind = Literal[
    "read",  # looks at files, state, help, logs
    "write",  # makes or changes files
    "delete",  # takes files or folders away (`detail`: recursive, all)
    "run-code",  # runs the project's own code: tests, builds, scripts that stand in the repository
    "git-local",  # easily undone git: add, commit, branch, stash push, switch
    "git-remote",  # talks to a remote (`detail`: fetch, push)
    "git-discard",  # work or history lost or rewritten: reset --hard, clean -f, force push, filter-repo
    "dependency",  # adds, changes or removes a dependency (`where`: dev, declared, runtime, system)
    "migration",  # changes a schema: DDL, migration files and tools
    "data-change",  # changes rows
    "data-destroy",  # drops or truncates data, buckets, volumes, backups
    "deploy",  # deploys, or changes running infrastructure
    "service",  # starts, stops or restarts processes and services of this machine
    "network",  # talks to a host (`where`: loopback, known, remote; `detail`: get, send, listen, scan)
    "credential",  # reads, writes, prints or sends a secret (`detail`: read, write, send, delete)
    "personal-data",  # personal data of users
    "money",  # pays, or calls a paid third party
    "security-config",  # permissions, accounts, firewall, trust, audit, start-up files, schedulers
    "guard",  # Maestro's own policy, log, keys; agents' permission settings; turning a guard off
    "ci",  # CI, container and build definitions
    "auth-code",  # authentication or authorisation logic
    "api-contract",  # what others build against: routes, schemas, protocol files
    "opaque",  # code that cannot be seen (`detail`: remote, decoded, unresolved, unparsable, or why)
    "unknown",  # a program or a tool nobody described
]

Where = Literal[
    "",
    "project",
    "generated",  # what a build makes again: caches, dist, node_modules
    "scratch",  # temporary folders
    "home",
    "system",
    "device",
    "outside",  # elsewhere on this machine
    "loopback",
    "known",  # hosts that code is fetched from: package indexes, forges
    "remote",
    "production",
    "dev",
    "declared",
    "runtime",
    "unresolved",  # depends on what cannot be known beforehand
]


class Effect(msgspec.Struct, frozen=True, order=True):
    """One thing that an action would do. `target`: path, host, package, table, ref, as far as it is resolved."""

    kind: EffectKind
    target: str = ""
    where: Where = ""
    detail: str = ""
