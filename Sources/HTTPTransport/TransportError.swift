/// Why a request got no whole answer.
///
/// It says nothing about HTTP status codes: an answer with status 500 is an answer. Safe to print: it holds no header and no body.
package struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that callers tell apart.
    package enum Code: String, Sendable, CaseIterable {
        /// There is no socket at the path.
        case socketMissing = "socket_missing"
        /// This user may not open the socket.
        case permissionDenied = "permission_denied"
        /// The path exists but nobody listens there.
        case connectionRefused = "connection_refused"
        /// The connection failed in another way.
        case connectFailed = "connect_failed"
        /// A time limit of the request passed.
        case timedOut = "timed_out"
        /// The answer is larger than the request allows.
        case responseTooLarge = "response_too_large"
        /// The peer closed the connection without any answer.
        case noAnswer = "no_answer"
        /// The connection ended in the middle of an answer.
        case cut = "connection_cut"
        /// What came back is not HTTP.
        case malformedAnswer = "malformed_answer"
        /// The calling task was cancelled, or the stream was closed by its reader.
        case cancelled = "cancelled"
        /// The transport was shut down, or could not start.
        case shutDown = "shut_down"
        /// The request can't be sent as it is.
        case invalidRequest = "invalid_request"
        /// The body to send could not be read, or its writer gave up.
        case uploadFailed = "upload_failed"
        /// Something else inside libcurl; see `curlCode`.
        case other = "transport_failed"
    }

    /// The cause.
    package let code: Code
    /// In plain words.
    package let message: String
    /// libcurl's `CURLcode`, when it is libcurl that failed.
    package let curlCode: UInt32?
    /// The system's `errno`, when there is one.
    package let systemErrno: Int32?

    /// Makes an error.
    package init(_ code: Code, _ message: String, curlCode: UInt32? = nil, systemErrno: Int32? = nil) {
        self.code = code
        self.message = message
        self.curlCode = curlCode
        self.systemErrno = systemErrno
    }

    package var description: String {
        var text = message
        if let systemErrno { text += " (errno \(systemErrno))" }
        if let curlCode { text += " (curl \(curlCode))" }
        return text
    }

    /// What a cancelled task gets.
    static let cancelled = TransportError(.cancelled, "the request was cancelled")
    /// What callers of a closed transport get.
    static let shutDown = TransportError(.shutDown, "the transport is shut down")
}
