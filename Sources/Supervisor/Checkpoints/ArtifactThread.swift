internal import Foundation
internal import Synchronization
internal import WorkerPool

/// Works with the artifacts of an attempt on a thread of its own: copying them may take minutes, or for ever where they are
/// on a server that went away, and no other attempt may have to wait for that.
enum ArtifactThread {
    /// How long it may take.
    private static let limit = Duration.seconds(1800)
    /// How long it may go on when its attempt is over.
    private static let patience = Duration.seconds(5)
    /// How many there may be at once, those that hang included.
    private static let most = 256

    /// What became of the work.
    enum Outcome<Value: Sendable>: Sendable {
        /// It returned this.
        case done(Value)
        /// It took too long, and goes on by itself with whatever it uses.
        case left
        /// Too many go on like that: it has not begun.
        case notBegun
    }

    private static let count = Mutex(0)

    /// Runs `work`, which may block and should look now and then whether `over` is set.
    ///
    /// - Returns: what it returns, unless it takes longer than half an hour, goes on some seconds after `over` was set, or
    ///   could not begin.
    static func run<Value: Sendable, Reason: Sendable>(
        until over: OneShot<Reason>, patience: Duration = patience, atMost most: Int = most,
        _ work: @escaping @Sendable () -> Value
    ) async -> Outcome<Value> {
        let mayBegin = count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
        guard mayBegin else { return .notBegun }
        let answer = OneShot<Value>()
        let thread = Thread {
            answer.set(work())
            count.withLock { $0 -= 1 }
        }
        thread.name = "acode-artifacts"
        thread.start()
        let value = await withTaskGroup(of: Value?.self) { group in
            group.addTask { await answer.wait(atMost: limit) }
            group.addTask {
                if await over.wait() != nil { try? await Task.sleep(for: patience) }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? answer.current
        }
        return value.map { .done($0) } ?? .left
    }
}
