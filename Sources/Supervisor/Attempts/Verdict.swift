internal import AgentProtocol
package import TaskModel
package import WorkerPool

/// What the facts of an attempt's end mean. The one place where an outcome is decided.
package struct Verdict: Sendable, Equatable {
    /// In one word.
    package var outcome: TaskOutcome
    /// 0…255, or 128 + signal number; `nil` when no command ran to its end.
    package var exitCode: Int?
    /// In plain words.
    package var reason: String
    /// What it means for retrying; `nil` for success and for a cancelled task.
    package var failure: FailureClass?
    /// Whether its command may still run: nobody could be asked whether the worker is gone.
    package var mayRunOn = false
    /// Whether the command asked to be run again (exit code 75, EX_TEMPFAIL of sysexits.h).
    package var asksForRetry = false

    /// Judges the facts. `limits` are those of the worker, for the words only; `mode` says whose kills for memory were
    /// counted: those of the worker's container, or those of all processes that share a cgroup with a local worker.
    package static func judge(_ record: ExitRecord, limits: ResourceLimits?, mode: WorkerMode) -> Verdict {
        switch record.end {
        case .reported(let exited):
            if let failure = exited.startFailure { return startFailed(failure) }
            var verdict =
                if let stop = record.stop {
                    stopped(stop, exited, isTerminated: record.isTerminated)
                } else if record.isStopAnnounced, exited.exitCode == tryAgain {
                    Verdict(
                        outcome: .interrupted, exitCode: Int(tryAgain),
                        reason: "the supervisor shuts down, so it stopped itself (exit code 75), to go on later",
                        failure: .interrupted)
                } else if exited.stoppedWithAgent {
                    stoppedWithAgent(exited)
                } else {
                    ended(exited, limits, mode)
                }
            verdict.reason += VerdictWords.refusedProcesses(exited, limits)
            return verdict
        case .refused(let reason):
            return Verdict(
                outcome: .workerLost, reason: "the worker's agent refused the task: it is \(reason.rawValue)",
                failure: .infrastructure)
        case .workerLost(let loss):
            var verdict = record.stop.map { stopped($0, nil) } ?? lost(loss, limits)
            verdict.mayRunOn = loss.mayRunOn
            return verdict
        case .detached:
            return Verdict(
                outcome: .interrupted, reason: "another supervisor goes on with it", failure: .interrupted)
        case .unprovided(let error):
            if let stop = record.stop { return stopped(stop, nil) }
            return unprovided(error)
        case .skipped(let words): return Verdict(outcome: .succeeded, reason: "skipped: \(words)")
        }
    }

    /// What stands for this one when it could neither be recorded nor kept: nothing that the attempt did counts,
    /// and unless it was an interruption it was a delivery without an end.
    package var unrecorded: Verdict {
        if outcome == .leaseLost { return self }
        return Verdict(
            outcome: .leaseLost,
            reason: "its end could neither be recorded nor kept (\(outcome.rawValue): \(reason))",
            failure: failure == .interrupted ? .interrupted : .infrastructure, mayRunOn: mayRunOn)
    }

    /// EX_TEMPFAIL of sysexits.h; of a command that was asked to stop it means that it is to be resumed.
    private static let tryAgain: Int32 = 75

    // MARK: The command ended by itself

    private static func ended(_ exited: Exited, _ limits: ResourceLimits?, _ mode: WorkerMode) -> Verdict {
        let code = exitCode(of: exited)
        // A shared count blames this command only when it died like one of the counted.
        let isOwn = mode == .docker || exited.terminationSignal == 9
        let oomKills = isOwn ? exited.oomKills ?? 0 : 0
        if exited.exitCode == 0 {
            let aside = oomKills > 0 ? "; on the way \(VerdictWords.outOfMemory(oomKills, limits))" : ""
            return Verdict(outcome: .succeeded, exitCode: 0, reason: "exited with code 0\(aside)")
        }
        if oomKills > 0 {
            return Verdict(
                outcome: .oomKilled, exitCode: code,
                reason: "\(VerdictWords.outOfMemory(oomKills, limits)); the command then \(VerdictWords.end(exited)); "
                    + VerdictWords.moreMemory,
                failure: .retryable)
        }
        if exited.terminationSignal == 9 {
            let memory =
                exited.oomKills == nil
                ? "; the memory limit may explain it: the kernel's count of such kills could not be read"
                : " and the memory limit does not explain: somebody on the host did, or the command itself"
            return Verdict(
                outcome: .failed, exitCode: code,
                reason: "killed by signal 9 (SIGKILL), which acode did not send\(memory)",
                failure: .retryable)
        }
        return Verdict(
            outcome: .failed, exitCode: code, reason: VerdictWords.end(exited), failure: .retryable,
            asksForRetry: exited.exitCode == tryAgain)
    }

    private static func startFailed(_ failure: StartFailure) -> Verdict {
        let code =
            switch failure.kind {
            case .notFound, .workingDirectory: 127
            case .permissionDenied, .notExecutable: 126
            case .other: 125
            }
        return Verdict(
            outcome: .startFailed, exitCode: code, reason: VerdictWords.startFailure(failure), failure: .fatal)
    }

    // MARK: We ended it

    /// `isTerminated` says whether the command was sent a SIGTERM before it ended.
    private static func stopped(_ stop: StopIntent, _ exited: Exited?, isTerminated: Bool = false) -> Verdict {
        let code = exited.flatMap(exitCode(of:))
        let end = exited.map { "; it \(VerdictWords.end($0))" } ?? ""
        switch stop {
        case .timeout(let limit):
            return Verdict(
                outcome: .timedOut, exitCode: code,
                reason: "ran longer than its time-out of \(VerdictWords.seconds(limit)), so acode stopped it\(end); "
                    + "raise --timeout if it needs longer",
                failure: .retryable)
        case .limit(let breach):
            return Verdict(
                outcome: breach.outcome, exitCode: code, reason: VerdictWords.breach(breach) + end, failure: .retryable)
        case .cancel(let why):
            return Verdict(outcome: .cancelled, exitCode: code, reason: "cancelled: \(why)\(end)")
        case .shutdown where exited?.exitCode == 0 && !isTerminated:
            return Verdict(outcome: .succeeded, exitCode: 0, reason: "exited with code 0 during the shutdown")
        case .shutdown where exited?.exitCode == 0:
            // Programs that clean up after themselves at a SIGTERM say 0 with half of their work done.
            return Verdict(
                outcome: .interrupted, exitCode: 0,
                reason: "the supervisor shut down; it exited with code 0 after acode's SIGTERM, which does not say "
                    + "that it was done, so it runs again, from its last checkpoint if it has one",
                failure: .interrupted)
        case .shutdown:
            return Verdict(
                outcome: .interrupted, exitCode: code, reason: "the supervisor shut down\(end)",
                failure: .interrupted)
        case .leaseEnded:
            return Verdict(
                outcome: .timedOut, exitCode: code,
                reason: "held its lease for as long as queue.maxLease allows, so acode stopped it\(end); give it a "
                    + "--timeout of its own if it needs longer",
                failure: .retryable)
        case .leaseLost:
            return Verdict(
                outcome: .leaseLost, exitCode: code,
                reason: "the lease was lost, so another supervisor may run the task\(end)", failure: .infrastructure)
        }
    }

    // MARK: The worker failed it

    private static func stoppedWithAgent(_ exited: Exited) -> Verdict {
        // As with a shutdown of ours, code 0 after a SIGTERM says nothing about the work.
        let doubt = exited.exitCode == 0 ? " after a SIGTERM, which does not say that it was done" : ""
        return Verdict(
            outcome: .workerLost, exitCode: exitCode(of: exited),
            reason: "the worker was stopped from outside, with its engine, or after too long without a supervisor; "
                + "the command \(VerdictWords.end(exited))\(doubt)",
            failure: .infrastructure)
    }

    private static func lost(_ loss: WorkerLoss, _ limits: ResourceLimits?) -> Verdict {
        if loss.oomKilled {
            let limit = limits.map { " of \($0.memoryMb) MiB" } ?? ""
            return Verdict(
                outcome: .oomKilled, exitCode: loss.exitCode,
                reason:
                    "the kernel killed the whole container at its memory limit\(limit): what it keeps in /dev/shm and "
                    + "temporary directories counts too; \(VerdictWords.moreMemory)",
                failure: .retryable)
        }
        let cause = loss.engineStopped ? "the engine stopped or restarted: " : ""
        return Verdict(
            outcome: .workerLost, exitCode: nil, reason: "the worker was lost: \(cause)\(loss.observation)",
            failure: .infrastructure)
    }

    private static func unprovided(_ error: WorkerError) -> Verdict {
        if error.code == .poolClosed {
            return Verdict(
                outcome: .interrupted, reason: "the supervisor shut down before a worker was free",
                failure: .interrupted)
        }
        if error.code == .poolReplaced {
            return Verdict(
                outcome: .interrupted,
                reason: "an engine answered before a local worker was free, so that a container runs it",
                failure: .interrupted)
        }
        // Nothing ran and nothing of the task's was tried, so that it can go on for as long as the engine is away.
        let otherwise: FailureClass = error.code == .engineUnavailable ? .interrupted : .infrastructure
        return Verdict(
            outcome: .workerUnavailable, reason: "no worker could be provided: \(error.message)",
            failure: error.code.failsTask ? .fatal : otherwise)
    }

    // MARK: Words

    private static func exitCode(of exited: Exited) -> Int? {
        exited.exitCode.map(Int.init) ?? exited.terminationSignal.map { 128 + Int($0) }
    }
}

extension LimitBreach {
    /// The outcome in one word.
    package var outcome: TaskOutcome {
        switch self {
        case .disk: .diskLimitExceeded
        case .output: .outputLimitExceeded
        }
    }
}
