"""What does a supply-chain tool want to know of the handed-over commit? An in-toto statement with SLSA provenance.

The statement (in-toto Statement v1, predicate https://slsa.dev/provenance/v1) names the commit, what it was made from
and how, and the root of the log that shows it. It is signed in a DSSE envelope by the operator. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

import msgspec

from maestro.log.note import SigningKey, VerifyKey
from maestro.projections.text import utc
from maestro.tlog.checkpoint import fingerprint

if TYPE_CHECKING:
    from maestro.audit.verify import Audit
    from maestro.runs.state import RunState

PROVENANCE = "provenance.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://maestro-flow.dev/run/v1"


class _Signature(msgspec.Struct):
    sig: str
    keyid: str = ""


class _Envelope(msgspec.Struct):
    payload: str
    payloadType: str
    signatures: list[_Signature]


def statement(audit: Audit) -> dict[str, Any] | None:
    """The statement about what this run handed over; None where it handed over nothing."""
    state = audit.determinism.projector.state
    over, repo = state.handed_over, state.repo
    if over is None or repo is None:
        return None
    return {
        "_type": STATEMENT,
        "subject": [{"name": over.branch, "digest": {"gitCommit": over.commit}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"feature": state.feature, "source": state.source, "prd": state.prd_sha256},
                "internalParameters": _how(state),
                "resolvedDependencies": [{"uri": f"git+{repo.url}", "digest": {"gitCommit": repo.base}}],
            },
            "runDetails": {
                "builder": {"id": f"maestro:{fingerprint(audit.trust.operator)}"},
                "metadata": {
                    "invocationId": state.run,
                    "startedOn": utc(state.started),
                    "finishedOn": utc(state.ended or state.last),
                },
                "byproducts": _log(audit),
            },
        },
    }


def _how(state: RunState) -> dict[str, Any]:
    workflow = {"name": state.workflow.name, "sha256": state.workflow.sha256} if state.workflow else None
    return {"workflow": workflow, "validators": state.settings.validators if state.settings else 0}


def _log(audit: Audit) -> list[dict[str, Any]]:
    """The log that shows it, as far as it was sealed."""
    sealed = audit.auditor.seals.newest
    if sealed is None:
        return []
    point = sealed.checkpoint
    return [{"name": point.origin, "digest": {"sha256": point.root.hex()}, "annotations": {"entries": point.size}}]


def sign(body: dict[str, Any], key: SigningKey) -> bytes:
    """The DSSE envelope (https://github.com/secure-systems-lab/dsse) of a statement."""
    payload = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = key.sign(pre_authentication(PAYLOAD_TYPE, payload))
    public = key.verify_key
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": f"{public.name}+{public.key_id.hex()}", "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=2).encode() + b"\n"


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """What is signed: DSSE's PAE."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def why_not_signed(content: bytes, audit: Audit) -> str:
    """Why this is not the operator's statement about this run; empty where it is."""
    try:
        envelope = msgspec.json.decode(content, type=_Envelope)
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(each.sig, validate=True) for each in envelope.signatures]
        said = json.loads(payload)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        return "it is no DSSE envelope of a statement"
    text = pre_authentication(envelope.payloadType, payload)
    key: VerifyKey = audit.trust.operator
    if envelope.payloadType != PAYLOAD_TYPE or not any(key.verifies(text, each) for each in signatures):
        return "the operator did not sign it"
    return "" if said == statement(audit) else "it says something else than the log"
