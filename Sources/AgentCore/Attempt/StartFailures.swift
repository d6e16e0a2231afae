import AgentProtocol
import Glibc

/// Puts the errors of a failed start into words and kinds. Pure.
enum StartFailures {
    /// What is wrong with a request before anything is tried, or nil.
    static func invalid(_ request: RunRequest) -> StartFailure? {
        if request.argv.first?.isEmpty ?? true { return refused("the command is empty") }
        let texts =
            request.argv + request.environment.flatMap { [$0.key, $0.value] } + [request.workingDirectory ?? ""]
        if texts.contains(where: { $0.utf8.contains(0) }) {
            return refused("an argument, a variable or the working directory contains a NUL byte")
        }
        if request.environment.keys.contains(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) {
            return refused("a variable's name is empty or contains '='")
        }
        if request.stdin?.count ?? 0 > AgentProtocol.maximumInput { return refused("the standard input is too long") }
        return nil
    }

    /// The working directory can't be entered.
    static func workingDirectory(_ path: String, errno code: Int32) -> StartFailure {
        StartFailure(
            kind: .workingDirectory, errno: code, message: "working directory \(path): \(SystemError.text(code))")
    }

    /// No candidate could be executed.
    static func lookup(_ command: String, errno code: Int32) -> StartFailure {
        StartFailure(kind: kind(code), errno: code, message: "\(command): \(words(code))")
    }

    /// The system refused to execute a file that is there.
    static func execution(_ path: String, errno code: Int32) -> StartFailure {
        // The file was looked at just before, so what is missing is what its first line names.
        let missing = code == ENOENT ? "its interpreter or loader is missing" : words(code)
        return StartFailure(kind: kind(code), errno: code, message: "\(path): \(missing)")
    }

    /// A secret that can't be kept out of the output because the agent can't read it.
    static func unreadableSecret(_ name: String) -> StartFailure {
        refused("the secret \(name) can't be read by the worker's user, so it could not be hidden in the output")
    }

    /// Something other than the command itself failed.
    static func system(_ error: SystemError) -> StartFailure {
        StartFailure(kind: .other, errno: error.code, message: error.description)
    }

    static func kind(_ code: Int32) -> StartFailure.Kind {
        switch code {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM: .permissionDenied
        case ENOEXEC: .notExecutable
        default: .other
        }
    }

    private static func words(_ code: Int32) -> String {
        code == ENOENT ? "command not found" : SystemError.text(code)
    }

    private static func refused(_ message: String) -> StartFailure {
        StartFailure(kind: .other, errno: 0, message: message)
    }
}
