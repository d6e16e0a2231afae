internal import Foundation
internal import Settings
internal import TaskModel
internal import WorkerPool

/// What is made of an attempt's files once its command has ended.
struct AttemptHarvest: Sendable {
    /// The verdict in the light of its files.
    var verdict: Verdict
    /// What the command left as its result: JSON.
    var result: String?
    /// What to add to the task's timeline.
    var notes: [AttemptRecorder.Note] = []
}

/// Collects results, stores outputs and keeps scratch, before the worker's directories are emptied for the next task.
struct AttemptHarvester: Sendable {
    let scratch: ScratchSettings
    let shelf: ScratchShelf

    /// The longest time outputs may take to be copied to another file system.
    private static let limit = Duration.seconds(1800)

    /// Outputs and scratch are moved on a thread of their own. An attempt that succeeded by its exit has failed after all when it did not
    /// leave what it promised. Secrets in a result are masked.
    func harvest(
        _ attempt: RunningAttempt, _ verdict: Verdict, places: [OutputPlace], from worker: any Worker,
        masking: @escaping @Sendable (String) -> String
    ) async -> AttemptHarvest {
        let stop = attempt.stopIntent
        // A stop that the command outran has done its work.
        let wasStopped = stop.current != nil
        let directory = worker.directory
        let lease = attempt.claim.lease
        if places.isEmpty, !scratch.keep.applies(to: verdict) {
            // Right here: a result is small, and there is none most of the time.
            var harvest = AttemptHarvest(verdict: verdict)
            collectResult(directory, &harvest, masking)
            // A result that is none may have made a failure of it.
            if !scratch.keep.applies(to: harvest.verdict) { return harvest }
        }
        do throws(WorkerError) {
            return try await HostFiles.outputs.run("the task's outputs", atMost: Self.limit) {
                var harvest = AttemptHarvest(verdict: verdict)
                collectResult(directory, &harvest, masking)
                if harvest.verdict.outcome == .succeeded, !places.isEmpty {
                    let outputs = OutputShelf(task: lease.taskID.rawValue, attempt: lease.attempt) {
                        !wasStopped && stop.current != nil
                    }
                    store(places, directory, outputs, stop, &harvest)
                }
                if scratch.keep.applies(to: harvest.verdict) { keepScratch(directory, lease, &harvest) }
                return harvest
            }
        } catch {
            return AttemptHarvest(verdict: verdict.failing(because: error.message))
        }
    }

    private func collectResult(
        _ directory: WorkerDirectory, _ harvest: inout AttemptHarvest, _ masking: (String) -> String
    ) {
        do throws(FileProblem) {
            let exchange = try HeldDirectory.open(directory.exchange)
            guard let text = try ResultFile.read(WorkerDirectory.resultName, in: exchange) else { return }
            let masked = masking(text)
            // A value that is not a text can't be masked and stay JSON.
            harvest.result = masked == text ? text : try ResultFile.check(Array(masked.utf8))
        } catch {
            // A worker that is gone took its directories with it, and its attempt did not succeed.
            if harvest.verdict.outcome == .succeeded {
                harvest.verdict = harvest.verdict.failing(because: error.words)
            } else if error.code == nil {
                harvest.notes.append(.warning(error.words))
            }
        }
    }

    private func store(
        _ places: [OutputPlace], _ directory: WorkerDirectory, _ outputs: OutputShelf, _ stop: OneShot<StopIntent>,
        _ harvest: inout AttemptHarvest
    ) {
        do throws(FileProblem) {
            for words in try outputs.store(places, from: WorkerDirectory.outputsName, in: directory.exchange) {
                harvest.notes.append(.event(.outputStored, words))
            }
        } catch {
            harvest.verdict = harvest.verdict.failing(because: error.words)
            if outputs.isOver(), let stop = stop.current { harvest.verdict = .stoppedWhileStoring(stop) }
        }
    }

    private func keepScratch(_ directory: WorkerDirectory, _ lease: Lease, _ harvest: inout AttemptHarvest) {
        guard let kept = shelf.keep(directory, task: lease.taskID, attempt: lease.attempt) else { return }
        harvest.notes.append(.event(.scratchKept, "kept \(kept.bytes) bytes in \(kept.path)"))
        if let problem = kept.problem { harvest.notes.append(.warning("its scratch could not be kept: \(problem)")) }
    }
}

extension ScratchKeep {
    /// Whether what an attempt with this end left is worth keeping.
    func applies(to verdict: Verdict) -> Bool {
        switch self {
        case .never: false
        case .always: true
        case .onFailure: verdict.isOwnFailure
        }
    }
}

extension Verdict {
    /// Whether its own command failed after it had begun.
    var isOwnFailure: Bool {
        switch outcome {
        case .succeeded, .cancelled, .interrupted, .leaseLost, .workerLost, .workerUnavailable, .startFailed: false
        default: true
        }
    }

    /// A success that is none, because of what the command left or did not leave.
    func failing(because words: String) -> Verdict {
        guard outcome == .succeeded else { return self }
        return Verdict(outcome: .failed, exitCode: exitCode, reason: "\(reason), but \(words)", failure: .retryable)
    }

    /// The end of an attempt that was stopped after its command had ended, while its outputs were copied.
    static func stoppedWhileStoring(_ stop: StopIntent) -> Verdict {
        let words = "while its outputs were stored"
        switch stop {
        case .cancel(let why): return Verdict(outcome: .cancelled, reason: "cancelled: \(why), \(words)")
        case .leaseLost:
            return Verdict(outcome: .leaseLost, reason: "the lease was lost \(words)", failure: .infrastructure)
        case .leaseEnded:
            return Verdict(
                outcome: .timedOut, reason: "queue.maxLease was over \(words)", failure: .retryable)
        default:
            return Verdict(
                outcome: .interrupted, reason: "the supervisor shut down \(words)", failure: .interrupted)
        }
    }
}
