package import AgentProtocol
internal import Foundation
internal import Synchronization
internal import WorkerPool

/// Sees an attempt run: output goes to its log at once, everything else to the store through a bounded stream, so that
/// a slow database never holds the output up.
final class AttemptRecorder: AttemptObserver {
    /// What is to be written to the store.
    enum Note: Sendable, Equatable {
        case started(Date)
        case progress(Double?, String)
        case warning(String)
    }

    /// The notes in order. At most 64 wait; newer progress is dropped beyond that.
    let notes: AsyncStream<Note>
    private let sink: AsyncStream<Note>.Continuation
    private let log: AttemptLog
    private let tap: (any OutputTap)?
    private let throttle = Mutex(ProgressThrottle())
    private let began = Mutex<Date?>(nil)

    init(log: AttemptLog, tap: (any OutputTap)?) {
        self.log = log
        self.tap = tap
        (notes, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
    }

    /// When the command began, if it did.
    var startedAt: Date? { began.withLock { $0 } }

    /// Says that no further note comes, after the last progress that was held back.
    func finish() {
        if let last = throttle.withLock({ $0.heldBack }) { sink.yield(.progress(last.percent, last.message ?? "")) }
        sink.finish()
    }

    func attemptStarted(atNanos: Int64) async {
        let date = Date(timeIntervalSince1970: Double(atNanos) / 1e9)
        began.withLock { $0 = date }
        sink.yield(.started(date))
    }

    func attemptOutput(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>) async {
        await tap?.output(stream, bytes)
        await log.write(bytes, stream: stream == .standardOutput ? .standardOutput : .standardError)
    }

    func attemptOutputLost(bytes: UInt64) async {
        await log.markLost(bytes: bytes)
        sink.yield(.warning("\(bytes) bytes of output were lost while the supervisor was away"))
    }

    func attemptProgress(percent: Double?, message: String?) async {
        let passes = throttle.withLock { $0.passes(percent: percent, message: message, at: .now) }
        if passes { sink.yield(.progress(percent, message ?? "")) }
    }
}

/// Sees the output of attempts as it comes, beside the log; for whoever runs a task in the same process.
package protocol OutputTap: Sendable {
    /// The next output. The task's output waits until this returns.
    func output(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>) async
}

/// Lets a progress report pass when it says something new: one percent further or another message, at most ten a second,
/// and the first 100 % at once.
struct ProgressThrottle: Sendable {
    /// The newest report, when it said something new and did not pass.
    private(set) var heldBack: (percent: Double?, message: String?)?
    private var lastPercent: Double?
    private var lastMessage: String?
    private var lastAt: ContinuousClock.Instant?

    mutating func passes(percent: Double?, message: String?, at now: ContinuousClock.Instant) -> Bool {
        let percent = percent.flatMap { $0.isFinite ? $0 : nil }
        let isFirst = lastAt == nil
        let moved = percent.map { abs($0 - (lastPercent ?? -100)) >= 1 } ?? false
        let spoke = message != lastMessage
        let completes = percent == 100 && lastPercent != 100
        // Ten a second are enough for people, whatever a task in a tight loop says.
        let isTooSoon = lastAt.map { now - $0 < .milliseconds(100) } ?? false
        guard isFirst || completes || (!isTooSoon && (moved || spoke)) else {
            heldBack = spoke || (percent != nil && percent != lastPercent) ? (percent, message) : nil
            return false
        }
        (lastPercent, lastMessage, lastAt, heldBack) = (percent, message, now, nil)
        return true
    }
}
