/// Why the database could not do what it was asked. Safe to print: it holds neither values nor credentials, only the
/// server's primary message.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in one stable word.
    package enum Code: String, Sendable, CaseIterable {
        /// The connection string can't be understood.
        case badURL = "bad_url"
        /// No connection could be made.
        case unreachable
        /// The connection broke; whether the statement took effect is not known.
        case connectionLost = "connection_lost"
        /// No answer in time; the connection was given up.
        case timedOut = "timed_out"
        /// The server refused or ended the statement; `sqlState` says why. It had no effect.
        case refused
        /// All connections are in use, and none came free in time. Nothing was sent.
        case exhausted
        /// The caller was cancelled, and the statement had no effect.
        case cancelled
        /// The server had ended the session before this was asked: nothing was sent.
        case sessionEnded = "session_ended"
        /// The connection or the pool was closed.
        case closed
        /// An answer was not as expected.
        case decoding
    }

    /// What went wrong, in one stable word.
    package let code: Code
    /// In plain words.
    package let message: String
    /// The server's five characters, when it was the server that refused.
    package let sqlState: String?
    /// What was being done, such as `claim`.
    package let operation: String

    /// Makes an error.
    package init(_ code: Code, _ message: String, operation: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.operation = operation
        self.sqlState = sqlState
    }

    /// Whether the same may succeed when tried again later.
    package var isTransient: Bool {
        switch code {
        case .unreachable, .connectionLost, .timedOut, .exhausted, .sessionEnded: true
        case .badURL, .cancelled, .closed, .decoding: false
        case .refused: isConflict || isShortOfResources
        }
    }

    /// Whether the server undid the statement because of another one at the same time.
    package var isConflict: Bool { isWorthRepeating || sqlState == "55P03" }

    /// Whether it was undone by another one that is through now, and not because a lock was waited for in vain, which is likely
    /// to be held still.
    package var isWorthRepeating: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// Whether the server is short of something, or on its way down or up.
    private var isShortOfResources: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("08") || sqlState.hasPrefix("53") || sqlState.hasPrefix("57P0") || sqlState == "25006"
    }

    /// Whether the session can't be used after it.
    var endsSession: Bool {
        switch code {
        case .unreachable, .connectionLost, .timedOut, .sessionEnded, .closed: true
        // Shut down, crashed, starting up, idle for too long; or a standby that was the primary.
        case .refused: sqlState.map { $0.hasPrefix("57P0") || $0.hasPrefix("08") || $0 == "25006" } ?? false
        case .badURL, .cancelled, .decoding, .exhausted: false
        }
    }

    package var description: String {
        "\(operation): \(message)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
    }
}
