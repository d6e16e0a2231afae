internal import Glibc
internal import UnixSignals

/// Ends a wait of a command when somebody presses Ctrl-C or sends SIGTERM.
enum Interruption {
    /// How the wait ended.
    enum End<Value: Sendable>: Sendable {
        /// By itself.
        case finished(Value)
        /// By a signal with this number.
        case signal(Int32)
    }

    /// Runs `body` and cancels it at the first signal; returns when it has returned.
    static func race<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> End<Value> {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: End<Value>?.self) { group in
            group.addTask { .finished(try await body()) }
            group.addTask {
                for await signal in signals { return .signal(signal.rawValue) }
                return nil
            }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                guard let end else { continue }
                if case .signal = end {
                    group.cancelAll()
                    // What the body says about its cancellation is of no interest.
                    while (try? await group.next()) != nil {}
                }
                return end
            }
            throw CancellationError()
        }
    }
}
