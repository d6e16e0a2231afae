package import HTTPTransport

/// Why the engine did not do what was asked.
///
/// Safe to print: it holds no request body, no credentials and no environment.
package struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Sendable, CaseIterable {
        // The engine can't be used at all.
        /// There is no socket.
        case socketMissing = "socket_missing"
        /// This user may not open the socket.
        case permissionDenied = "permission_denied"
        /// A socket without a listener.
        case connectionRefused = "connection_refused"
        /// It accepted but did not answer the ping in time.
        case noAnswer = "no_answer"
        /// Something else answers there.
        case notAnEngine = "not_an_engine"
        /// It speaks only older versions of the API than we do.
        case apiTooOld = "api_too_old"
        /// The endpoint is no Unix socket.
        case unsupportedEndpoint = "unsupported_endpoint"
        /// None of the usual places has a working engine.
        case noEngine = "no_engine"

        // The request got no whole answer.
        /// A deadline passed.
        case timedOut = "timed_out"
        /// The connection broke.
        case connectionLost = "connection_lost"
        /// The calling task was cancelled.
        case cancelled
        /// What came is no HTTP, or no request could be sent.
        case transport

        // The engine refused.
        /// The thing the request names is not there.
        case notFound = "not_found"
        /// Another container (or network, or volume) has the name.
        case nameInUse = "name_in_use"
        /// The thing is not in a state in which this can be done.
        case conflict
        /// The image is not here.
        case imageMissing = "image_missing"
        /// Something the container needs is not there: a network, another container.
        case dependencyMissing = "dependency_missing"
        /// The engine does not accept the request or the configuration.
        case invalidRequest = "invalid_request"
        /// The program to start is missing or can't be executed.
        case commandNotRunnable = "command_not_runnable"
        /// A host port is taken.
        case portInUse = "port_in_use"
        /// The engine can't do that.
        case unsupported
        /// The registry wants other credentials.
        case unauthorized
        /// The registry gives no more for a while.
        case rateLimited = "rate_limited"
        /// There is no space left where the engine keeps its data.
        case outOfSpace = "out_of_space"
        /// Some failure inside the engine.
        case engineFailure = "engine_failure"

        // What came could not be read.
        /// The answer is not what the API promises.
        case decoding
        /// An error inside a stream that began well: a pull, a build.
        case streamFailed = "stream_failed"
    }

    /// Where it failed.
    package enum Layer: String, Sendable {
        /// Before or below HTTP.
        case transport
        /// The engine answered with a status that is an error, or an error inside a stream.
        case status
        /// The answer could not be read.
        case decoding
        /// Found before anything was sent.
        case request
    }

    /// The cause.
    package let code: Code
    /// Where.
    package let layer: Layer
    /// What was asked.
    package let operation: EngineOperation
    /// The socket's path.
    package let endpoint: String
    /// The REST path, without its query.
    package let path: String?
    /// The HTTP status, when there was an answer.
    package let status: Int?
    /// The engine's own words, or ours when it said none.
    package let message: String
    /// The transport's error, when it was the transport.
    package let cause: TransportError?

    /// Makes an error.
    package init(
        _ code: Code, layer: Layer, operation: EngineOperation, endpoint: String, path: String? = nil,
        status: Int? = nil, message: String, cause: TransportError? = nil
    ) {
        self.code = code
        self.layer = layer
        self.operation = operation
        self.endpoint = endpoint
        self.path = path
        self.status = status
        self.message = message
        self.cause = cause
    }

    /// `create container: HTTP 409: …`
    package var description: String {
        operation.words + ": " + (status.map { "HTTP \($0): " } ?? "") + message
    }

    /// Whether the thing is not there.
    package var isNotFound: Bool { code == .notFound }
    /// Whether the thing's state is in the way.
    package var isConflict: Bool { code == .conflict || code == .nameInUse }
    /// Whether the name belongs to another.
    package var isNameInUse: Bool { code == .nameInUse }
    /// Whether the image must be pulled first.
    package var isImageMissing: Bool { code == .imageMissing }
    /// Whether the engine itself can't be reached, does not answer or can do nothing, so that it says nothing about the thing asked for.
    package var isEngineUnavailable: Bool {
        switch code {
        case .socketMissing, .permissionDenied, .connectionRefused, .noAnswer, .notAnEngine, .apiTooOld,
            .unsupportedEndpoint, .noEngine, .timedOut, .connectionLost, .transport, .outOfSpace:
            true
        default: false
        }
    }
}
