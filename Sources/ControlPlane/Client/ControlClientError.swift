internal import HTTPTransport

/// Why a supervisor could not be asked, or did not do it.
package struct ControlClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Sendable {
        /// No supervisor serves the socket.
        case noSupervisor = "no_supervisor"
        /// The socket belongs to another user.
        case permissionDenied = "permission_denied"
        /// It did not answer in time.
        case noAnswer = "no_answer"
        /// The connection broke, for example because the supervisor ended.
        case connectionLost = "connection_lost"
        /// The calling task was cancelled.
        case cancelled
        /// The supervisor refused; see `failure`.
        case refused
        /// What came is not what a supervisor answers.
        case decoding
    }

    /// The cause.
    package let code: Code
    /// In plain words.
    package let message: String
    /// The supervisor's own words, when it refused.
    package let failure: ControlFailure?

    /// Makes an error.
    package init(_ code: Code, _ message: String, failure: ControlFailure? = nil) {
        self.code = code
        self.message = message
        self.failure = failure
    }

    package var description: String { message }

    init(_ error: TransportError, socketPath: String) {
        switch error.code {
        case .socketMissing, .connectionRefused:
            self.init(.noSupervisor, "no supervisor runs (\(socketPath))")
        case .permissionDenied:
            self.init(.permissionDenied, "this user may not use \(socketPath)")
        case .timedOut:
            self.init(.noAnswer, "the supervisor does not answer on \(socketPath)")
        case .cancelled:
            self.init(.cancelled, "cancelled")
        case .connectFailed, .noAnswer, .cut, .shutDown, .invalidRequest, .uploadFailed, .other:
            self.init(.connectionLost, "lost the connection to the supervisor: \(error.message)")
        case .malformedAnswer, .responseTooLarge:
            self.init(.decoding, "something else answers on \(socketPath): \(error.message)")
        }
    }
}
