"""Who may say what, and who asks for what? The one table of roles and the events that each may author; the askers."""

from __future__ import annotations

from typing import Literal, get_args

from maestro_contracts import commands as c
from maestro_contracts import events as e

Role = Literal[
    "operator",
    "registrar",
    "conductor",
    "planner",
    "taskgen",
    "gatekeeper",
    "worker",
    "validator",
    "integrator",
    "gateway",
    "notary",
]

ROLES: tuple[Role, ...] = get_args(Role)

SAYS: dict[Role, frozenset[type[e.Event]]] = {
    "operator": frozenset({e.ActorEnrolled, e.ActorRevoked, e.PersonEnrolled, e.PersonRevoked}),
    "registrar": frozenset(),
    "conductor": frozenset(
        {
            e.RunStarted,
            e.RunForked,
            e.StepStarted,
            e.StepCompleted,
            e.StepFailed,
            e.StepsReset,
            e.IterationStarted,
            e.GroupStarted,
            e.GroupCompleted,
            e.TaskDispatched,
            e.ValidationRequested,
            e.TaskAccepted,
            e.TaskRejected,
            e.TaskRetryScheduled,
            e.TaskAbandoned,
            e.MergeRequested,
            e.CheckpointRequested,
            e.GateRequested,
            e.RunPaused,
            e.RunResumed,
            e.RunCancelled,
            e.RunCompleted,
            e.RunFailed,
            e.RequestRefused,
            e.CommandDeadLettered,
        }
    ),
    "planner": frozenset(
        {
            e.CodebaseDiscovered,
            e.QuestionsAsked,
            e.PrdDrafted,
            e.PlanRefused,
            e.DecisionRecorded,
            e.CommandDeadLettered,
        }
    ),
    "taskgen": frozenset({e.TasksGenerated, e.TasksRefused, e.DecisionRecorded, e.CommandDeadLettered}),
    "gatekeeper": frozenset(
        {
            e.GateOpened,
            e.GateVoted,
            e.GateDecided,
            e.GateClosed,
            e.GateReminded,
            e.GateEscalated,
            e.DecisionRefused,
            e.ActionProposed,
            e.ActionClassified,
            e.ApprovalGiven,
            e.ActionRejected,
            e.AgentSlowed,
            e.GrantIssued,
            e.GrantRevoked,
            e.EffectApproved,
            e.RollBackOrdered,
            e.JournalEntryAdded,
            e.JournalReviewed,
            e.CommandDeadLettered,
        }
    ),
    "worker": frozenset(
        {
            e.TaskStarted,
            e.AgentReported,
            e.TaskClaimed,
            e.TaskFailed,
            e.EffectStarted,
            e.EffectEnded,
            e.CommandDeadLettered,
        }
    ),
    "validator": frozenset({e.VoteCast, e.RunChecked, e.GateCommandRan, e.StepWorkFailed, e.CommandDeadLettered}),
    "integrator": frozenset(
        {
            e.PullRequestSeen,
            e.RunPrepared,
            e.PrdCommitted,
            e.TaskMerged,
            e.MergeRefused,
            e.CheckpointMade,
            e.StepWorkFailed,
            e.HandedOver,
            e.EffectStarted,
            e.EffectEnded,
            e.RolledBack,
            e.RollBackFailed,
            e.CommandDeadLettered,
        }
    ),
    "gateway": frozenset(),
    "notary": frozenset({e.LogSealed, e.SealCosigned, e.ViolationFound}),
}


def may_say(role: str, event_type: str) -> bool:
    """True where the role is known and the table lets it author events of that type name."""
    cls = e.EVENTS.get(event_type)
    return cls is not None and cls in SAYS.get(role, frozenset())  # type: ignore[call-overload]


AFTER_THE_END: frozenset[type[e.Event]] = (
    SAYS["worker"]
    | SAYS["validator"]
    | SAYS["integrator"]
    | SAYS["notary"]
    | {
        e.RequestRefused,
        e.ActionProposed,
        e.ActionClassified,
        e.ActionRejected,
        e.DecisionRefused,
        e.GateClosed,
        e.GrantRevoked,
        e.EffectApproved,
        e.RollBackOrdered,
        e.JournalEntryAdded,
        e.JournalReviewed,
    }
)
"""What may still be said in a run that has ended and was sealed as a whole: what became of work that was under way, and
what people make of it afterwards. Nothing here changes what was decided. It is sealed again; anything else is a
violation."""


ASKED_BY: dict[type[c.Command], str] = {
    c.Enrol: "any process",
    c.StartRun: "a person",
    c.ForkRun: "a person",
    c.Advance: "any process",
    c.RecoverRun: "a person",
    c.PauseRun: "a person",
    c.ResumeRun: "a person",
    c.CancelRun: "a person",
    c.RetryDue: "a timer",
    c.DraftPlan: "conductor",
    c.GenerateTasks: "conductor",
    c.OpenGate: "conductor",
    c.DecideGate: "a person",
    c.GateDeadline: "a timer",
    c.GateReminder: "a timer",
    c.GateEscalation: "a timer",
    c.PollGate: "a timer",
    c.JudgeGate: "validator",
    c.JudgePullRequest: "integrator",
    c.CloseGate: "conductor",
    c.ProposeAction: "worker",
    c.ProposeChange: "conductor",
    c.AskPeople: "a timer",
    c.IssueGrant: "a person",
    c.RevokeGrant: "a person",
    c.ApproveAfter: "a person",
    c.RollBack: "a person",
    c.AddJournalEntry: "any process",
    c.ReviewJournalEntry: "a person",
    c.DoTask: "conductor",
    c.ValidateClaim: "conductor",
    c.ValidateRun: "conductor",
    c.RunGateCommand: "gatekeeper",
    c.PrepareRun: "conductor",
    c.CommitPrd: "conductor",
    c.MergeTask: "conductor",
    c.MakeCheckpoint: "conductor",
    c.HandOver: "conductor",
    c.AskForge: "gatekeeper",
    c.RevertChange: "gatekeeper",
}
"""Who sends each command in the ordinary course. No queue checks it: who handles it decides."""
