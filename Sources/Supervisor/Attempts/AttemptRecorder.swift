package import AgentProtocol
internal import Foundation
internal import Synchronization
internal import TaskModel
internal import WorkerPool

/// Sees an attempt run: output goes to its log at once, everything else to the store through a bounded stream, so that
/// a slow database never holds the output up.
final class AttemptRecorder: AttemptObserver {
    private struct State {
        var worker: WorkerID?
        var startedAt: Date?
        var isFinished = false
        var written = 0
        var secrets: [String: [UInt8]] = [:]
        var output = MaskedStream([:])
        var errors = MaskedStream([:])
        /// Offset after all output that came.
        var taken: UInt64 = 0

        /// What is dealt with once everything shown so far is written down.
        var position: OutputPosition {
            OutputPosition(output: output.mark(taken: taken), errors: errors.mark(taken: taken))
        }
        var egress = EgressLedger()

        mutating func through<Value>(_ stream: OutputChunk.Stream, _ body: (inout MaskedStream) -> Value) -> Value {
            stream == .standardOutput ? body(&output) : body(&errors)
        }
    }

    /// What is to be written to the store.
    enum Note: Sendable, Equatable {
        case started(Date, WorkerID)
        case progress(Double?, String)
        case warning(String)
        case usage(isHigh: Bool, String)
        case event(TaskEvent.Kind, String)
    }

    /// The notes in order. At most 64 wait; newer progress is dropped beyond that.
    let notes: AsyncStream<Note>
    private let sink: AsyncStream<Note>.Continuation

    /// A checkpoint that is to be saved, and who wants to know.
    struct SaveRequest: Sendable {
        let save: CheckpointSave
        let answer: @Sendable (CheckpointAnswer) -> Void
    }

    /// The checkpoints in order; those beyond 16 are refused.
    let saves: AsyncStream<SaveRequest>
    private let saveSink: AsyncStream<SaveRequest>.Continuation
    /// Set when the command has ended, so that nobody waits for a checkpoint any more.
    let over = OneShot<Void>()
    private let log: AttemptLog
    private let tap: (any OutputTap)?
    private let throttle = Mutex(ProgressThrottle())
    private let taken = Atomic(0)
    private let state = Mutex(State())

    /// How much output there may be, and what happens at the first byte more; it may be called again.
    struct OutputLimit: Sendable {
        var bytes: Int
        var exceeded: @Sendable () -> Void
    }

    private let limit: OutputLimit?

    init(log: AttemptLog, tap: (any OutputTap)?, limit: OutputLimit? = nil) {
        self.limit = limit
        self.log = log
        self.tap = tap
        (notes, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
        (saves, saveSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(16))
    }

    /// When and where the command began, if it did.
    var start: (worker: WorkerID, at: Date)? {
        state.withLock { state in
            guard let worker = state.worker, let at = state.startedAt else { return nil }
            return (worker, at)
        }
    }

    /// How far the attempt has come, as it said last.
    var progress: Double? { throttle.withLock { $0.newestPercent } }

    /// Whether the attempt has ended, so that its notes hold up the record of its end.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Says what is to run: where, and what must never be seen in its output, of which everything up to `position` was
    /// written down before.
    func prepare(
        worker: WorkerID, secrets: [String: [UInt8]], startedAt: Date? = nil,
        from position: OutputPosition = OutputPosition()
    ) {
        let output = MaskedStream(secrets, from: position.output)
        let errors = MaskedStream(secrets, from: position.errors)
        state.withLock { state in
            state.worker = worker
            state.startedAt = startedAt
            state.secrets = secrets
            state.output = output
            state.errors = errors
            state.taken = position.resumeOffset
        }
    }

    /// Adds a note; without effect after `finish`.
    func add(_ note: Note) { sink.yield(note) }

    /// How many notes the store has taken so far, or refused.
    var notesTaken: Int { taken.load(ordering: .relaxed) }

    /// Says that the store has done with a note.
    func noteTaken() { taken.add(1, ordering: .relaxed) }

    /// Says that what comes belongs to another supervisor, and leaves the log as it is.
    func leave() async {
        state.withLock { $0.isFinished = true }
        tellRest()
        sink.finish()
        await log.leave()
    }

    /// Whether the command has ended, so that nobody waits for a checkpoint any more.
    var isOver: Bool { over.current != nil }

    /// Says that the command has ended; `saves` ends after those that came before.
    func endSaves() {
        over.set(())
        saveSink.finish()
    }

    func attemptCheckpoint(_ save: CheckpointSave, answer: @escaping @Sendable (CheckpointAnswer) -> Void) {
        guard case .enqueued = saveSink.yield(SaveRequest(save: save, answer: answer)) else {
            return answer(
                CheckpointAnswer(
                    token: save.attempt.token, number: save.number, verdict: .unavailable,
                    message: "too many checkpoints are being saved, or the attempt is ending"))
        }
    }

    /// Adds a warning to the task's timeline.
    func warn(_ words: String) { sink.yield(.warning(words)) }

    /// Adds a line to the task's timeline.
    func note(_ note: Note) { sink.yield(note) }

    /// A text of the task with the attempt's secrets masked.
    func masked(_ text: String) -> String { SecretMasker.masking(text, state.withLock { $0.secrets }) }

    func attemptEgressDenied(destination: String, words: String) {
        let told = state.withLock { state -> String? in
            // A name that is looked up can carry a secret out as well as an address can.
            // Many programs write it in lower case.
            let lowered = state.secrets.mapValues { String(decoding: $0, as: UTF8.self).lowercased().utf8.map(\.self) }
            let destination = SecretMasker.masking(SecretMasker.masking(destination, state.secrets), lowered)
            return state.isFinished ? nil : state.egress.note(destination: destination, words: words)
        }
        if let told { sink.yield(.event(.egressDenied, told)) }
    }

    /// What `policy` refused the attempt on its way out, in a few words.
    func egressSummary(_ policy: String) -> String? { state.withLock { $0.egress.summary(policy) } }

    /// Says that no output and no note comes any more, after those that were held back.
    func finish() async {
        await flush()
        let refused = state.withLock { state in
            state.isFinished = true
            return state.egress.closing
        }
        for line in refused { sink.yield(.event(.egressDenied, line)) }
        tellRest()
        sink.finish()
    }

    /// Passes on the progress that was held back: none comes after it.
    private func tellRest() {
        if let last = throttle.withLock({ $0.rest() }) { sink.yield(.progress(last.percent, last.message ?? "")) }
    }

    func attemptStarted(atNanos: Int64) async {
        let date = Date(timeIntervalSince1970: Double(atNanos) / 1e9)
        let worker = state.withLock { state in
            state.startedAt = date
            return state.worker
        }
        if let worker { sink.yield(.started(date, worker)) }
    }

    func attemptOutput(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>, at offset: UInt64) async -> UInt64 {
        let (shown, position) = state.withLock { state in
            let shown = state.through(stream) { $0.take(bytes, at: offset) }
            state.taken = max(state.taken, offset + UInt64(bytes.count))
            return (shown, state.position)
        }
        await keep(stream, shown, position)
        return position.resumeOffset
    }

    func attemptOutputLost(bytes: UInt64, before end: UInt64) async {
        // What comes after the gap doesn't belong to what was held back.
        await flush()
        let position = state.withLock { state in
            state.taken = max(state.taken, end)
            return state.position
        }
        await log.markLost(bytes: bytes, upTo: position)
        sink.yield(.warning("\(bytes) bytes of output were lost while the supervisor was away"))
    }

    func attemptProgress(percent: Double?, message: String?) async {
        let message = message.map(masked)
        let passes = throttle.withLock { $0.passes(percent: percent, message: message, at: .now) }
        if passes { sink.yield(.progress(percent, message ?? "")) }
    }

    /// Passes on the progress that was held back, once that may be.
    func tellProgress() {
        let due = throttle.withLock { $0.due(at: .now) }
        if let due { sink.yield(.progress(due.percent, due.message ?? "")) }
    }

    private func flush() async {
        for stream in [OutputChunk.Stream.standardOutput, .standardError] {
            let (shown, position) = state.withLock { state in
                let shown = state.through(stream) { $0.flush() }
                return (shown, state.position)
            }
            await keep(stream, shown, position)
        }
    }

    private func keep(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>, _ position: OutputPosition) async {
        guard !bytes.isEmpty else { return }
        let written = state.withLock { state in
            state.written += bytes.count
            return state.written
        }
        if let limit, written > limit.bytes { limit.exceeded() }
        await tap?.output(stream, bytes)
        await log.write(
            bytes, stream: stream == .standardOutput ? .standardOutput : .standardError, upTo: position)
    }
}

/// Sees the output of attempts as it comes, beside the log; for whoever runs a task in the same process.
package protocol OutputTap: Sendable {
    /// The next output. The task's output waits until this returns.
    func output(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>) async
}
