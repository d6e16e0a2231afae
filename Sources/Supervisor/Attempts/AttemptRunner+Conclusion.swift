internal import AgentProtocol
internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

// What is written down of an attempt that is over.
extension AttemptRunner {
    /// Returns what is to be recorded in the end's place when that could neither be recorded nor kept.
    func conclude(
        _ attempt: RunningAttempt, _ record: ExitRecord, _ harvest: AttemptHarvest, _ report: AttemptReport?,
        _ kept: AttemptLog.Summary, _ recorder: AttemptRecorder
    ) async -> AttemptResult? {
        var verdict = harvest.verdict
        let policy = plans.ownEgress(of: attempt.claim.task.spec) == nil ? EgressPolicy.poolName : EgressPolicy.ownName
        if verdict.outcome == .failed, let refused = recorder.egressSummary(policy) { verdict.reason += "; \(refused)" }
        if kept.unwritten > 0 {
            verdict.reason += "; \(kept.unwritten) bytes of its output could not be kept: \(kept.problem ?? "unknown")"
        }
        let decision = decide(verdict, attempt, output: await lastOutput(of: attempt, verdict))
        let result = AttemptResult(
            outcome: verdict.outcome, exitCode: verdict.exitCode, reason: verdict.reason,
            usage: AttemptUsage(record, kept), report: report, worker: recorder.start?.worker,
            startedAt: recorder.start?.at, progress: recorder.progress,
            disposition: decision.disposition, result: harvest.result, why: decision.why)
        let type = attempt.claim.task.spec.type
        metrics.attemptEnded(verdict.outcome, seconds: result.usage?.wallSeconds, type: type)
        concurrency.ended(
            attempt, isHealthy: decision.speaksWell(of: verdict.outcome), workers: max(pool.target, registry.count))
        let fate = await delivery.deliver(result, under: attempt.claim.lease)
        // What the store has, or will have; of others nothing counts.
        if fate == .recorded || fate == .kept {
            if decision.disposition.triesAgain { metrics.triedAgain(after: verdict.outcome, type: type) }
            if case .deadLetter = decision.disposition { metrics.deadLettered(verdict.outcome) }
        }
        if fate == .recorded, attempt.hasCheckpointArtifacts, decision.disposition.isFinal {
            await checkpoints.forget(attempt.claim.task.id)
        }
        logger.info(
            verdict.outcome == .succeeded ? "task succeeded" : "task ended",
            metadata: attempt.typed([
                "task.id": "\(attempt.claim.task.id)", "task.attempt": "\(attempt.claim.lease.attempt)",
                "task.outcome": "\(verdict.outcome.rawValue)", "task.reason": "\(verdict.reason)",
                "task.recorded": "\(fate == .recorded)",
            ]))
        return fate == .lost ? substitute(of: result, verdict, attempt) : nil
    }

    private func decide(_ verdict: Verdict, _ attempt: RunningAttempt, output: String = "") -> RetryDecision {
        RetryDecision.after(
            verdict, task: attempt.claim.task, output: output,
            maxDeliveries: settings.queue.maxDeliveries, maxInterruptions: settings.queue.maxInterruptions,
            // An agent waits less long than a lease lasts.
            orphanLife: settings.queue.lease / .seconds(1), random: Double.random(in: 0..<1))
    }

    /// These few words may be taken where the whole end was not.
    private func substitute(
        of result: AttemptResult, _ verdict: Verdict, _ attempt: RunningAttempt
    ) -> AttemptResult {
        let decision = decide(verdict.unrecorded, attempt)
        return AttemptResult(
            outcome: verdict.unrecorded.outcome, reason: verdict.unrecorded.reason, worker: result.worker,
            startedAt: result.startedAt, progress: result.progress, disposition: decision.disposition,
            why: decision.why)
    }

    /// What it printed last, where a rule of its task looks at that. Read from its log, where all of it is, whoever wrote it.
    private func lastOutput(of attempt: RunningAttempt, _ verdict: Verdict) async -> String {
        guard verdict.failure != nil, attempt.claim.task.spec.retry.looksAtOutput else { return "" }
        let path = layout.log(task: attempt.claim.task.id, attempt: attempt.claim.lease.attempt)
        do throws(WorkerError) {
            return try await HostFiles.results.run("the end of the task's log") { LogTail.text(of: path) }
        } catch {
            logger.warning(
                "retry rules could not look at a task's output",
                metadata: attempt.typed(["task.id": "\(attempt.claim.task.id)", "error.message": "\(error.message)"]))
            return ""
        }
    }
}

extension AttemptUsage {
    /// The usage of an attempt whose command ended; `nil` when there was none.
    fileprivate init?(_ record: ExitRecord, _ kept: AttemptLog.Summary) {
        guard case .reported(let exited) = record.end, exited.startFailure == nil else { return nil }
        self.init(
            wallSeconds: Double(exited.wallMicros) / 1e6,
            cpuSeconds: Double(exited.usage.userMicros + exited.usage.systemMicros) / 1e6,
            maxResidentBytes: exited.usage.maxRSSBytes, outputBytes: Int64(clamping: exited.outputBytes),
            outputDropped: Int64(clamping: exited.outputDropped + kept.leftOut + kept.unwritten))
    }
}
