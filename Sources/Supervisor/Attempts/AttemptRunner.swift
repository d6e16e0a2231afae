internal import AgentProtocol
internal import Foundation
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Takes one claimed attempt from its lease to its recorded end.
package struct AttemptRunner: Sendable {
    let pool: WorkerPool
    let store: any TaskStore
    let registry: AttemptRegistry
    let plans: AttemptPlanner
    let harvester: AttemptHarvester
    let checkpoints: CheckpointKeeper
    let delivery: ResultDelivery
    let strays: StrayLeases
    let concurrency: ConcurrencyKeeper
    let settings: Settings
    let layout: StateLayout
    let tap: (any OutputTap)?
    let metrics: SupervisorMetrics
    let logger: Logger
    /// How long an attempt waits for an engine that does not answer before its lease is given back.
    let engineLimit: Duration
    /// What happens to workers.
    let timelines: WorkerTimelines
    /// Called after an attempt's end is recorded and its worker given back.
    let concluded: @Sendable () async -> Void

    /// Runs the attempt on the worker that was asked for, judges its end, records it, and gives the worker back.
    /// An attempt ends by its own facts or by its `stopIntent`; cancelling the task only ends its wait for a worker.
    func run(_ attempt: RunningAttempt, _ plan: Result<AttemptPlan, WorkerError>, _ request: WorkerRequest?) async {
        let log = AttemptLog(
            path: layout.log(task: attempt.claim.task.id, attempt: attempt.claim.lease.attempt),
            cap: settings.logs.maxBytesPerAttempt)
        let recorder = AttemptRecorder(log: log, tap: tap, limit: outputLimit(of: attempt))
        attempt.follow(recorder)
        await recording(attempt, recorder, request) {
            var ran: Ran
            switch await provide(attempt, plan, request) {
            case .success(let (worker, plan)):
                attempt.assign(worker)
                timelines.note(worker.id, .taskBegun, attempt.words)
                ran = Ran(
                    await execute(plan, on: worker, attempt, recorder, log), on: worker, hints: plan.hints,
                    localLimits: plan.localLimits)
                attempt.unassign()
            case .failure(let error):
                ran = Ran(ExitRecord(end: .unprovided(error), stop: attempt.stopIntent.current))
            }
            if let words = try? plan.get().skip { ran.record = ExitRecord(end: .skipped(words)) }
            return ran
        } then: { ran, harvest in
            await settle(attempt, ran, harvest, recorder, log, timeout: (try? plan.get())?.timeout)
        }
    }

    /// How far an attempt came.
    struct Ran {
        /// How it ended.
        var record: ExitRecord
        /// The worker it was given; `nil` when there was none.
        var worker: (any Worker)?
        /// What may explain a failure.
        var hints: [String]
        /// What it could use as a process of this host; `nil` when nothing limits it there.
        var localLimits: ResourceLimits?

        init(
            _ record: ExitRecord, on worker: (any Worker)? = nil, hints: [String] = [],
            localLimits: ResourceLimits? = nil
        ) {
            self.record = record
            self.worker = worker
            self.hints = hints
            self.localLimits = localLimits
        }

        /// What it could use; `nil` when nobody enforced it.
        var limits: ResourceLimits? { worker?.profile.mode == .docker ? worker?.profile.limits : localLimits }

        /// A local worker with limits has accounts of its own, like a container.
        var mode: WorkerMode { localLimits == nil ? worker?.profile.mode ?? .docker : .docker }
    }

    /// Records an end and gives the worker back.
    func settle(
        _ attempt: RunningAttempt, _ ran: Ran, _ harvest: AttemptHarvest?, _ recorder: AttemptRecorder,
        _ log: AttemptLog, timeout: Duration?
    ) async {
        // Another supervisor goes on with it, and has the worker, the lease and the log.
        guard let harvest else { return registry.remove(attempt) }
        attempt.conclude()
        let kept = await log.close()
        let report = AttemptReport(
            ran.record,
            in: .init(
                limits: ran.limits, timeout: timeout,
                ownsNetwork: settings.workers.docker.network != "host", diskPeak: attempt.diskPeak,
                diskLimit: attempt.diskQuota?.bytes,
                wallSeconds: recorder.start.map { max(0, Date().timeIntervalSince($0.at)) },
                measured: attempt.measurement))
        let unrecorded = await conclude(attempt, ran.record, harvest, report, kept, recorder)
        if let worker = ran.worker {
            timelines.note(worker.id, .taskEnded, "\(attempt.words): \(harvest.verdict.outcome.rawValue)")
            // What filled the disk goes with the container; of files that are still in use nobody else may have the place.
            if harvest.verdict.outcome == .diskLimitExceeded || attempt.leavesFilesInUse { worker.stop(force: false) }
            if await !worker.acknowledge(attempt.ref) {
                logger.warning(
                    "what a task left can't be removed; another worker takes the place of its own",
                    metadata: attempt.typed([
                        "task.id": "\(attempt.claim.task.id)", "worker.id": "\(worker.id)",
                        "hint":
                            "it is below \(layout.workspaces)/\(worker.id): let tasks run as the supervisor's own user",
                    ]))
                _ = pool.stop(worker: worker.id, force: false)
            }
            pool.release(worker, succeeded: harvest.verdict.outcome == .succeeded)
        }
        registry.remove(attempt)
        // Then, because of what is in the registry nobody asks.
        if let unrecorded { strays.endWasLost(under: attempt.claim.lease, substitute: unrecorded) }
        await concluded()
    }

    // MARK: A worker

    private func provide(
        _ attempt: RunningAttempt, _ plan: Result<AttemptPlan, WorkerError>, _ request: WorkerRequest?
    ) async -> Result<(any Worker, AttemptPlan), WorkerError> {
        guard let request else {
            return plan.flatMap { _ in .failure(WorkerError(.poolClosed, "no worker was asked for")) }
        }
        // Most tasks are claimed because a worker is free.
        let first = if let granted = request.granted { granted } else { await firstAnswer(to: request, attempt) }
        // A worker that was given all the same goes back.
        switch (first ?? request.granted, plan) {
        case (.success(let worker), .success(let plan)) where attempt.stopIntent.current == nil:
            return .success((worker, plan))
        case (.success(let worker), _):
            pool.release(worker, succeeded: true)
            return .failure(WorkerError(.poolClosed, "stopped before it began"))
        case (.failure(let error), _):
            guard first == nil, pool.isEngineUnavailable else { return .failure(error) }
            return .failure(WorkerError(.engineUnavailable, "the engine has not answered for \(engineLimit)"))
        case (nil, _):
            return .failure(WorkerError(.poolClosed, "stopped before it began"))
        }
    }

    /// Waits for a worker, and returns once the request is answered for good; `nil` when something ended the wait before.
    private func firstAnswer(
        to request: WorkerRequest, _ attempt: RunningAttempt
    ) async -> Result<any Worker, WorkerError>? {
        await withTaskGroup(of: Result<any Worker, WorkerError>?.self) { group in
            group.addTask {
                do throws(WorkerError) {
                    return .success(try await pool.worker(for: request))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                _ = await attempt.stopIntent.wait()
                return nil
            }
            group.addTask {
                await engineGivenUp()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// Returns when the engine has not answered for as long as a lease may be kept for it, or when cancelled.
    private func engineGivenUp() async {
        var waited = Duration.zero
        let step = Duration.seconds(1)
        while waited < engineLimit {
            guard (try? await Task.sleep(for: step)) != nil else { return }
            waited = pool.isEngineUnavailable ? waited + step : .zero
        }
    }

    private func execute(
        _ plan: AttemptPlan, on worker: any Worker, _ attempt: RunningAttempt, _ recorder: AttemptRecorder,
        _ log: AttemptLog
    ) async -> ExitRecord {
        do throws(WorkerError) {
            try await plans.checkMountsAgain(plan, in: worker)
        } catch {
            // It may have been made with what is mounted there now.
            worker.stop(force: false)
            return ExitRecord(end: .unprovided(error), stop: attempt.stopIntent.current)
        }
        do {
            var request = try await plans.request(for: attempt, plan, worker: worker)
            logger.debug(
                "attempt begins",
                metadata: attempt.typed([
                    "task.id": "\(attempt.claim.task.id)", "task.attempt": "\(attempt.claim.lease.attempt)",
                    "worker.id": "\(worker.id)",
                ]))
            attempt.limitDisk(to: plan.diskLimitMb)
            recorder.prepare(worker: worker.id, secrets: request.secrets)
            request.checkpointFile = try await checkpoints.resume(attempt, on: worker, recorder)
            if let git = plan.git {
                let words = try await plans.worktrees.make(git, on: worker, stop: attempt.stopIntent)
                recorder.note(.event(.worktreeMade, words))
            }
            for warning in plan.warnings + plan.hints { recorder.warn(warning) }
            log.keepState(at: worker.directory.logState, token: attempt.ref.token)
            guard attempt.begin() else {
                return ExitRecord(
                    end: .unprovided(WorkerError(.poolClosed, "stopped before it began")),
                    stop: attempt.stopIntent.current)
            }
            return await worker.execute(request, observer: recorder)
        } catch {
            return ExitRecord(end: .unprovided(error), stop: attempt.stopIntent.current)
        }
    }

    /// What ends an attempt that writes more than is kept; `nil` where it may go on.
    func outputLimit(of attempt: RunningAttempt) -> AttemptRecorder.OutputLimit? {
        guard settings.logs.onLimit == .fail else { return nil }
        let limit = settings.logs.maxBytesPerAttempt
        return .init(bytes: limit) { attempt.stopIntent.set(.limit(.output(limitBytes: limit))) }
    }

    /// Sleeps whatever becomes of the calling task, so that a loop that must go on in a cancelled task does not spin.
    static func sleep(_ duration: Duration) async {
        // Not a child task: it would be cancelled with its parent.
        await Task { try? await Task.sleep(for: duration) }.value
    }
}
