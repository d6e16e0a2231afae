/// Why a server could not listen.
package struct ControlServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Sendable {
        /// Another process serves this socket.
        case socketInUse = "socket_in_use"
        /// The path does not fit a socket address.
        case pathTooLong = "path_too_long"
        /// The address or path can't be bound.
        case bindFailed = "bind_failed"
        /// It stopped serving by itself.
        case stopped
    }

    /// The cause.
    package let code: Code
    /// In plain words.
    package let message: String
    /// What to do about it.
    package let hint: String?

    /// Makes an error.
    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
