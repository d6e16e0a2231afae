internal import AgentProtocol
internal import Foundation
internal import Glibc
internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Saves the checkpoints of attempts while they run, and lets them go on at the last one that can be used.
struct CheckpointKeeper: Sendable {
    let store: any TaskStore
    let shelf: CheckpointShelf
    let host: String
    let logger: Logger
    /// Which store knows the tasks; `nil` when it did not say.
    var identity: String?

    /// How long the store may be away while a task waits for its checkpoint.
    var patience = Duration.seconds(15)
    /// How long anybody waits for artifacts to be removed: those that stay are found again.
    private static let removalLimit = Duration.seconds(5)
    /// Why a copy of artifacts does not begin.
    private static let crowd = "too many copies of other tasks hang"

    // MARK: Saving

    /// Saves what an attempt wants saved while `body` runs it. After that nothing of the attempt's files is looked at any
    /// more, unless the attempt says that they are still in use.
    func serving<Value: Sendable>(
        _ attempt: RunningAttempt, _ recorder: AttemptRecorder, _ body: () async -> Value
    ) async -> Value {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await request in recorder.saves {
                    request.answer(await answer(request.save, attempt, recorder))
                }
            }
            let value = await body()
            recorder.endSaves()
            return value
        }
    }

    private func answer(
        _ save: CheckpointSave, _ attempt: RunningAttempt, _ recorder: AttemptRecorder
    ) async -> CheckpointAnswer {
        var answer = CheckpointAnswer(token: save.attempt.token, number: save.number, verdict: .saved)
        do throws(Refusal) {
            try await keep(save, attempt, recorder)
        } catch {
            answer.verdict = error.verdict
            answer.message = error.words
        }
        return answer
    }

    /// Why a checkpoint was not saved.
    private struct Refusal: Error {
        let verdict: CheckpointAnswer.Verdict
        let words: String
    }

    private func keep(
        _ save: CheckpointSave, _ attempt: RunningAttempt, _ recorder: AttemptRecorder
    ) async throws(Refusal) {
        guard !recorder.isOver, let worker = attempt.runningOn else {
            throw Refusal(verdict: .unavailable, words: "the attempt is ending")
        }
        var draft = CheckpointDraft(phase: save.phase, isForced: save.isForced)
        let paths: [[String]]
        do throws(CheckpointRules.Mistake) {
            draft.data = try CheckpointRules.data(of: save)
            paths = try CheckpointRules.artifacts(of: save, outputs: worker.outputDirectory)
        } catch {
            throw Refusal(verdict: .refused, words: error.words)
        }
        if let data = draft.data, recorder.masked(data) != data {
            throw Refusal(verdict: .refused, words: "the data has a secret in it, and what is kept must not")
        }
        var earlier: [String] = []
        if !paths.isEmpty { earlier = try await copy(paths, of: attempt, from: worker.directory, recorder, to: &draft) }
        let number: Int
        do throws(Refusal) {
            number = try await write(draft, attempt, recorder)
        } catch {
            if let own = draft.shelf { await drop(own, of: attempt.claim.task.id) }
            throw error
        }
        attempt.noteCheckpoint(hasArtifacts: draft.shelf != nil)
        show(
            TaskCheckpoint(
                number: number, attempt: attempt.claim.lease.attempt, phase: draft.phase, data: draft.data,
                artifacts: draft.artifacts, updatedAt: Date()), worker.directory)
        await tidy(earlier, of: attempt.claim.task.id)
    }

    /// Copies artifacts; returns the names of the task's directories that were there before.
    private func copy(
        _ paths: [[String]], of attempt: RunningAttempt, from directory: WorkerDirectory, _ recorder: AttemptRecorder,
        to draft: inout CheckpointDraft
    ) async throws(Refusal) -> [String] {
        let task = attempt.claim.task.id
        let outcome = await ArtifactThread.run(until: recorder.over) {
            Result { () throws(FileProblem) in
                try shelf.keep(
                    paths, from: WorkerDirectory.outputsName, in: directory.exchange, of: task, in: identity,
                    isOver: { recorder.isOver })
            }
        }
        let kept: Result<CheckpointShelf.Kept, FileProblem>
        switch outcome {
        case .done(let result): kept = result
        case .left:
            attempt.noteFilesInUse()
            throw Refusal(verdict: .unavailable, words: "the artifacts could not be copied in time")
        case .notBegun: throw Refusal(verdict: .unavailable, words: "the artifacts can't be copied now: \(Self.crowd)")
        }
        do throws(FileProblem) {
            let found = try kept.get()
            (draft.shelf, draft.artifacts, draft.host) = (found.shelf, found.artifacts, host)
            return found.earlier
        } catch {
            // A full disk may have room again; a file that is not there is the task's mistake.
            let isHosts = [ENOSPC, EDQUOT, EIO, ENFILE, EMFILE, EROFS].contains { $0 == error.code }
            throw Refusal(verdict: isHosts ? .unavailable : .refused, words: error.words)
        }
    }

    /// Writes until it is written, or the store has been away for too long.
    private func write(
        _ draft: CheckpointDraft, _ attempt: RunningAttempt, _ recorder: AttemptRecorder
    ) async throws(Refusal) -> Int {
        let verdict: CheckpointVerdict
        do throws(StoreError) {
            verdict = try await insist(isOver: { recorder.isOver }) { () async throws(StoreError) in
                try await store.save(draft, lease: attempt.claim.lease)
            }
        } catch {
            logger.warning(
                "a checkpoint could not be saved",
                metadata: ["task.id": "\(attempt.claim.task.id)", "error.message": "\(error)"])
            throw Refusal(verdict: .unavailable, words: "the task store can't be written now: \(error.message)")
        }
        switch verdict {
        case .saved(let number): return number
        case .behind(let phase):
            throw Refusal(
                verdict: .refused,
                words: "phase \(phase) is saved already, and phase \(draft.phase) lies before it; --force goes back")
        case .leaseLost:
            attempt.loseLease()
            throw Refusal(
                verdict: .stale, words: "the attempt has lost its lease, so that another one may be running")
        }
    }

    /// Asks the store until it answers, has been away for too long, or nobody needs the answer any more.
    private func insist<Value>(
        isOver: () -> Bool, _ ask: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let deadline = ContinuousClock.now.advanced(by: patience)
        var pause = Duration.milliseconds(50)
        while true {
            do throws(StoreError) {
                return try await ask()
            } catch {
                guard ContinuousClock.now < deadline, !isOver() else { throw error }
                await AttemptRunner.sleep(pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    /// Shows the task what is saved. It is saved even if that fails, and the next attempt is shown it.
    private func show(_ checkpoint: TaskCheckpoint, _ directory: WorkerDirectory) {
        do throws(WorkerError) {
            try directory.writeCheckpoint(CheckpointDocument.content(checkpoint))
        } catch {
            logger.warning(
                "a checkpoint could not be shown to its task", metadata: ["error.message": "\(error.message)"])
        }
    }

    /// Removes what was copied for a checkpoint that is not saved. It may be saved all the same, and only nobody heard of it.
    private func drop(_ name: String, of task: TaskID) async {
        guard let all = try? await store.checkpoints(of: task), !all.contains(where: { $0.shelf == name }) else {
            return
        }
        await remove([name], of: task)
    }

    /// Removes those directories that no attempt would go on with any more.
    private func tidy(_ names: [String], of task: TaskID) async {
        guard !names.isEmpty, let all = try? await store.checkpoints(of: task) else { return }
        let needed = CheckpointRules.shelvesNeeded(by: all)
        await remove(names.filter { !needed.contains($0) }, of: task)
    }

    private func remove(_ names: [String], of task: TaskID) async {
        guard !names.isEmpty else { return }
        _ = try? await HostFiles.checkpoints.run("the artifacts", atMost: Self.removalLimit) {
            shelf.remove(names, of: task)
        }
    }

    // MARK: Going on

    /// The checkpoint file of an attempt that is about to begin on `worker`, with the artifacts in their places; `nil` when it
    /// begins from the start. A checkpoint whose artifacts are gone is given up for the one before it.
    ///
    /// - Throws: `host` when that can't be decided or done now, `pool_closed` when the lease is lost.
    func resume(
        _ attempt: RunningAttempt, on worker: any Worker, _ recorder: AttemptRecorder
    ) async throws(WorkerError) -> [UInt8]? {
        let task = attempt.claim.task
        guard task.checkpoint != nil else { return nil }
        let all: [TaskCheckpoint]
        do throws(StoreError) {
            all = try await insist(isOver: { attempt.stopIntent.current != nil }) { () async throws(StoreError) in
                try await store.checkpoints(of: task.id).filter { !$0.isDiscarded }
            }
        } catch {
            throw WorkerError(.host, "the task's checkpoints can't be read: \(error.message)")
        }
        var mistakes: [String] = []
        for checkpoint in all {
            if let mistake = try await use(checkpoint, of: task.id, on: worker, attempt) {
                mistakes.append("phase \(checkpoint.phase) can't be gone on from: \(mistake)")
                continue
            }
            try await giveUp(mistakes, after: checkpoint.number, attempt)
            recorder.note(
                .event(.resumed, "goes on after phase \(checkpoint.phase), saved by attempt \(checkpoint.attempt)"))
            return CheckpointDocument.content(checkpoint)
        }
        mistakes.append("begins from the start")
        try await giveUp(mistakes, after: 0, attempt)
        return nil
    }

    /// Puts the artifacts of a checkpoint in place; returns why they can't be used, in words.
    private func use(
        _ checkpoint: TaskCheckpoint, of task: TaskID, on worker: any Worker, _ attempt: RunningAttempt
    ) async throws(WorkerError) -> String? {
        guard let name = checkpoint.shelf, !checkpoint.artifacts.isEmpty else { return nil }
        let (outputs, stop) = (worker.directory.outputs, attempt.stopIntent)
        let outcome = await ArtifactThread.run(until: stop) {
            Result { () throws(FileProblem) -> String? in
                if let mistake = shelf.mistake(in: checkpoint.artifacts, shelf: name, of: task) { return mistake }
                try shelf.restore(
                    checkpoint.artifacts, shelf: name, of: task, to: outputs, isOver: { stop.current != nil })
                return nil
            }
        }
        let restored: Result<String?, FileProblem>
        switch outcome {
        case .done(let result): restored = result
        case .left:
            attempt.noteFilesInUse()
            throw WorkerError(.host, "the artifacts of its checkpoint could not be put in place in time")
        case .notBegun:
            throw WorkerError(.host, "the artifacts of its checkpoint can't be put in place now: \(Self.crowd)")
        }
        let mistake: String?
        do throws(FileProblem) {
            mistake = try restored.get()
        } catch {
            throw WorkerError(.host, "the artifacts of its checkpoint can't be put in place: \(error.words)")
        }
        if mistake == nil { attempt.noteCheckpoint(hasArtifacts: true) }
        return mistake.map { words in
            guard let other = checkpoint.host, other != host else { return words }
            return "\(words), they were kept by \(other) and checkpoints.directory is not shared with it"
        }
    }

    private func giveUp(_ mistakes: [String], after number: Int, _ attempt: RunningAttempt) async throws(WorkerError) {
        guard !mistakes.isEmpty else { return }
        let isHeld: Bool
        do throws(StoreError) {
            isHeld = try await insist(isOver: { attempt.stopIntent.current != nil }) { () async throws(StoreError) in
                try await store.discard(
                    checkpointsAfter: number, because: mistakes.joined(separator: "; "), lease: attempt.claim.lease)
            }
        } catch {
            throw WorkerError(.host, "the task's checkpoints can't be given up: \(error.message)")
        }
        guard !isHeld else { return }
        attempt.loseLease()
        throw WorkerError(.poolClosed, "the lease is lost")
    }

    // MARK: The end

    /// Removes the artifacts of a task that has ended for good, or leaves them to the sweeper where that takes long.
    func forget(_ task: TaskID) async {
        _ = try? await HostFiles.checkpoints.run("the artifacts", atMost: Self.removalLimit) { shelf.forget(task) }
    }
}

extension Worker {
    /// The output directory as its tasks see it.
    fileprivate var outputDirectory: String {
        profile.mode == .docker ? ContainerBlueprint.outputDirectory : directory.outputs
    }
}
