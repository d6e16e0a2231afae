import Glibc

/// What the sub-commands that work inside a task find in its environment.
enum TaskSurroundings {
    /// The variable that names the file with the last checkpoint.
    static let checkpointVariable = "ACODE_CHECKPOINT_FILE"
    /// The variable that names the file that is there once the task is to stop.
    static let stopVariable = "ACODE_STOP_FILE"

    /// The exit code that asks to be run again; after a stop request it means "interrupted".
    static let tryAgain: Int32 = 75
    /// The exit code of sub-commands that find no agent to talk to.
    static let unavailable: Int32 = 69

    /// A variable that is set and not empty.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The content of a file of at most `limit` bytes; nil when there is none.
    ///
    /// - Throws: why it can't be read.
    static func content(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError(path)
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= limit {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(path) }
            if count == 0 { return content }
            content += buffer[..<count]
        }
        throw SystemError(path, code: EFBIG)
    }
}
