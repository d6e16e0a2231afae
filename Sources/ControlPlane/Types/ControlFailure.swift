/// Why a request could not be carried out: sent as `{"error":{"code":…,"message":…}}`.
package struct ControlFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Codable, Sendable, CaseIterable {
        /// No such worker, or no such path.
        case notFound = "not_found"
        /// The request is not what the path takes.
        case badRequest = "bad_request"
        /// Who asks may not.
        case unauthorized
        /// It is for another supervisor.
        case misdirected
        /// The path takes another method.
        case methodNotAllowed = "method_not_allowed"
        /// The request's body is too large.
        case tooLarge = "too_large"
        /// It can't be done now; worth trying again.
        case unavailable
        /// It can't be done for this kind of worker.
        case unsupported
        /// A failure inside the supervisor.
        case `internal`
    }

    /// The cause.
    package let code: Code
    /// In plain words.
    package let message: String

    /// Makes a failure.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// The HTTP status it is sent with.
    package var status: Int {
        switch code {
        case .notFound: 404
        case .badRequest: 400
        case .unauthorized: 401
        case .methodNotAllowed: 405
        case .misdirected: 421
        case .tooLarge: 413
        case .unavailable: 503
        case .unsupported: 501
        case .internal: 500
        }
    }
}

/// The form of a failure on the wire.
struct FailureEnvelope: Codable {
    var error: ControlFailure
}
