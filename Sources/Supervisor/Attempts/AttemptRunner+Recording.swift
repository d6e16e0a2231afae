internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

// What is written down of an attempt while it runs, and what it left.
extension AttemptRunner {
    /// How long a store that takes no note keeps the end of their attempt from being recorded, or kept.
    private static let patience = Duration.seconds(1)

    /// Does what `body` does with the attempt while its notes are written, collects what it left, and then concludes it.
    /// There is no harvest of an attempt that goes on under another supervisor.
    func recording(
        _ attempt: RunningAttempt, _ recorder: AttemptRecorder, _ request: WorkerRequest? = nil,
        _ body: () async -> Ran, then conclude: (Ran, AttemptHarvest?) async -> Void
    ) async {
        let written = OneShot<Void>()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await write(recorder, of: attempt)
                written.set(())
            }
            if let request {
                group.addTask { for await notice in request.notices { recorder.warn(notice) } }
            }
            let ran = await checkpoints.serving(attempt, recorder, body)
            if ran.record.end == .detached {
                await recorder.leave()
                await written.value()
                return await conclude(ran, nil)
            }
            let harvest = await collect(ran, of: attempt, recorder)
            tell(harvest, of: attempt, recorder)
            await recorder.finish()
            group.addTask {
                guard await hasStalled(recorder) else { return }
                if written.set(()) { tellOfLostLines(attempt) }
            }
            await written.value()
            await conclude(ran, harvest)
            group.cancelAll()
        }
    }

    /// The verdict, in the light of what the command left in its worker's directories: its result, its outputs and its
    /// scratch are taken from there.
    private func collect(_ ran: Ran, of attempt: RunningAttempt, _ recorder: AttemptRecorder) async -> AttemptHarvest {
        if case .skipped = ran.record.end { metrics.skippedDuplicate() }
        var verdict = Verdict.judge(ran.record, limits: ran.limits, mode: ran.mode)
        guard let worker = ran.worker, ran.record.hasBegun else { return AttemptHarvest(verdict: verdict) }
        if verdict.isOwnFailure, let hint = ran.hints.first { verdict.reason += "; \(hint)" }
        do throws(WorkerError) {
            let places = try plans.outputs.places(of: attempt.claim.task)
            return await harvester.harvest(
                attempt, verdict, places: places, from: worker, masking: { recorder.masked($0) })
        } catch {
            return AttemptHarvest(verdict: verdict.failing(because: error.message))
        }
    }

    private func tell(_ harvest: AttemptHarvest, of attempt: RunningAttempt, _ recorder: AttemptRecorder) {
        for note in harvest.notes {
            recorder.note(note)
            guard case .event(.scratchKept, let words) = note else { continue }
            logger.info(
                "scratch kept",
                metadata: attempt.typed(["task.id": "\(attempt.claim.task.id)", "scratch": "\(words)"]))
        }
    }

    /// Waits until the store has taken no note of the attempt for a while; false when the task was cancelled before.
    private func hasStalled(_ recorder: AttemptRecorder) async -> Bool {
        var seen: Int?
        while case let now = recorder.notesTaken, now != seen {
            seen = now
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return false }
        }
        return true
    }

    private func tellOfLostLines(_ attempt: RunningAttempt) {
        logger.warning(
            "the store is slow to take a task's timeline; its end does not wait for that, and lines may be missing",
            metadata: attempt.typed(["task.id": "\(attempt.claim.task.id)"]))
    }

    private func write(_ recorder: AttemptRecorder, of attempt: RunningAttempt) async {
        for await note in recorder.notes {
            do {
                switch note {
                case .started(let date, let worker):
                    // The record of the end tells it too.
                    if recorder.isFinished { continue }
                    let isHeld = try await store.start(attempt.claim.lease, worker: worker, at: date)
                    if !isHeld { attempt.loseLease() }
                case .progress(let percent, let message):
                    try await store.record(
                        .progress, message: message, progress: percent, lease: attempt.claim.lease)
                case .warning(let message):
                    try await store.record(.warning, message: message, progress: nil, lease: attempt.claim.lease)
                case .usage(let isHigh, let message):
                    try await store.record(
                        isHigh ? .usageHigh : .usageNormal, message: message, progress: nil, lease: attempt.claim.lease)
                case .event(let kind, let message):
                    try await store.record(kind, message: message, progress: nil, lease: attempt.claim.lease)
                }
            } catch {
                // The timeline loses a line; the attempt itself must not suffer for it.
                logger.warning(
                    "could not write to a task's timeline",
                    metadata: attempt.typed(["task.id": "\(attempt.claim.task.id)", "error.message": "\(error)"]))
                // Each further try could hold up the record of the end for as long as the store waits.
                if recorder.isFinished { return }
            }
            recorder.noteTaken()
        }
    }
}
