/// Why an attempt's command could not be started at all.
package struct StartFailure: Codable, Hashable, Sendable {
    /// The causes a supervisor tells apart.
    package enum Kind: String, Codable, Sendable {
        /// No such file, neither at the path nor anywhere in `PATH`, or its interpreter is missing.
        case notFound
        /// The file may not be executed, or a directory on the way not be searched.
        case permissionDenied
        /// The file is not a program for this machine (`ENOEXEC`).
        case notExecutable
        /// The working directory is missing or can't be entered.
        case workingDirectory
        /// Anything else: too long an argument list, no memory, no more processes, an invalid request.
        case other
    }

    /// The cause.
    package var kind: Kind
    /// The raw `errno`; 0 when no system call was made.
    package var errno: Int32
    /// The cause in words, with the path.
    package var message: String

    /// Makes a failure.
    package init(kind: Kind, errno: Int32, message: String) {
        self.kind = kind
        self.errno = errno
        self.message = message
    }
}
