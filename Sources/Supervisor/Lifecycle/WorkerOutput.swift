package import ContainerEngine
package import Foundation
package import TaskModel
internal import WorkerPool

/// A container's own output: what the engine has kept, then what comes. For looking at a worker, not for a task's record:
/// where the two meet, lines written at that very moment may show twice.
package struct WorkerOutput: AsyncSequence, Sendable {
    package typealias Element = LogFrame

    fileprivate let kept: [LogFrame]
    fileprivate let live: AttachStream?

    /// Reads the kept frames, then the live ones.
    package struct AsyncIterator: AsyncIteratorProtocol {
        private var kept: ArraySlice<LogFrame>
        private var live: AttachStream.AsyncIterator?

        fileprivate init(_ output: WorkerOutput) {
            kept = output.kept[...]
            live = output.live?.makeAsyncIterator()
        }

        /// The next piece; `nil` at the end, which for live output is the container's.
        package mutating func next() async throws(EngineError) -> LogFrame? {
            if let frame = kept.popFirst() { return frame }
            return try await live?.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

extension Supervisor {
    /// The output of a worker's container: the last `tail` lines or all there is, from `since` on, and with `follow` what comes until the
    /// container ends. `nil` when there is no such worker or it is no container.
    package func output(
        of worker: WorkerID, tail: Int?, since: Date?, follow: Bool
    ) async throws(EngineError) -> WorkerOutput? {
        guard let running = current, let engine = running.engine,
            let container = running.pool.workers.first(where: { $0.id == worker })?.containerID
        else { return nil }
        // Attached before reading what is kept, so that nothing falls between the two.
        let live = follow ? try await engine.attach(container) : nil
        return WorkerOutput(kept: try await engine.logs(container, tail: tail, since: since), live: live)
    }
}
