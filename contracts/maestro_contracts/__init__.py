"""What may be said in Maestro? Who says what to whom, in one place.

`events.py` and `commands.py` are the glossaries, `records.py` what they are made of, `roles.py` the law (who may say
which event), `envelope.py` how a statement is written down, `upcast.py` how an old one still reads. Files that people
write: `manifest.py` (workflows), `config.py` (configuration), read through `yamlfile.py` and `yamlcheck.py`.
`schemas.py` and `reference.py` show all of it to other programs and to people (`docs/reference/`).

A command goes to one role's queue; an event goes into the run's log, where everybody reads it and believes it only
where this table lets its author say it. Nothing here imports anything of the services.

operator
    says  ActorEnrolled, ActorRevoked, PersonEnrolled, PersonRevoked

registrar
    takes Enrol (from any process)

conductor
    takes StartRun (from a person), ForkRun (from a person), Advance (from any process),
          RecoverRun (from a person), PauseRun (from a person), ResumeRun (from a person),
          CancelRun (from a person), RetryDue (from a timer)
    says  RunStarted, RunForked, StepStarted, StepCompleted, StepFailed, StepsReset, IterationStarted,
          GroupStarted, GroupCompleted, TaskDispatched, ValidationRequested, TaskAccepted, TaskRejected,
          TaskRetryScheduled, TaskAbandoned, MergeRequested, CheckpointRequested, GateRequested, RunPaused,
          RunResumed, RunCancelled, RunCompleted, RunFailed, RequestRefused, CommandDeadLettered

planner
    takes DraftPlan (from conductor)
    says  CodebaseDiscovered, QuestionsAsked, PrdDrafted, PlanRefused, DecisionRecorded, CommandDeadLettered

taskgen
    takes GenerateTasks (from conductor)
    says  TasksGenerated, TasksRefused, DecisionRecorded, CommandDeadLettered

gatekeeper
    takes OpenGate (from conductor), DecideGate (from a person), GateDeadline (from a timer),
          GateReminder (from a timer), GateEscalation (from a timer), PollGate (from a timer),
          JudgeGate (from validator), JudgePullRequest (from integrator), CloseGate (from conductor),
          ProposeAction (from worker), ProposeChange (from conductor), AskPeople (from a timer),
          IssueGrant (from a person), RevokeGrant (from a person), ApproveAfter (from a person),
          RollBack (from a person), AddJournalEntry (from any process), ReviewJournalEntry (from a person)
    says  GateOpened, GateVoted, GateDecided, GateClosed, GateReminded, GateEscalated, DecisionRefused,
          ActionProposed, ActionClassified, ApprovalGiven, ActionRejected, AgentSlowed, GrantIssued,
          GrantRevoked, EffectApproved, RollBackOrdered, JournalEntryAdded, JournalReviewed,
          CommandDeadLettered

worker
    takes DoTask (from conductor)
    says  TaskStarted, AgentReported, TaskClaimed, TaskFailed, EffectStarted, EffectEnded, CommandDeadLettered

validator
    takes ValidateClaim (from conductor), ValidateRun (from conductor), RunGateCommand (from gatekeeper)
    says  VoteCast, RunChecked, GateCommandRan, StepWorkFailed, CommandDeadLettered

integrator
    takes PrepareRun (from conductor), CommitPrd (from conductor), MergeTask (from conductor),
          MakeCheckpoint (from conductor), HandOver (from conductor), AskForge (from gatekeeper),
          RevertChange (from gatekeeper)
    says  EffectStarted, EffectEnded, PullRequestSeen, RunPrepared, PrdCommitted, TaskMerged, MergeRefused,
          CheckpointMade, StepWorkFailed, HandedOver, RolledBack, RollBackFailed, CommandDeadLettered

gateway

notary
    says  LogSealed, SealCosigned, ViolationFound
"""
