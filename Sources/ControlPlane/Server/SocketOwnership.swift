internal import Glibc

/// The right to a socket's path: a lock beside it, which the kernel releases when the process ends, however it ends. A
/// socket left behind by a dead process may then be replaced, one of a living process never.
struct SocketOwnership {
    private let descriptor: Int32

    /// Takes the lock without waiting.
    ///
    /// - Throws: `socket_in_use`, `path_too_long`, `bind_failed`.
    init(socketPath: String) throws(ControlServerError) {
        guard socketPath.utf8.count <= 107 else {
            throw ControlServerError(
                .pathTooLong, "the control socket's path is longer than 107 bytes: \(socketPath)",
                hint: "choose a shorter --runtime-dir")
        }
        let path = socketPath + ".lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw ControlServerError(.bindFailed, "can't open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw ControlServerError(.socketInUse, "another process serves \(socketPath)")
        }
        descriptor = file
    }

    /// Lets another process have the path. Call it once.
    func release() { close(descriptor) }
}
