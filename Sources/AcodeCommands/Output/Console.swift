internal import Foundation
internal import Glibc

/// Where a command prints: results on standard output, everything for people's eyes only on standard error.
struct Console: Sendable {
    /// Whether results may be coloured.
    let usesColor: Bool
    /// Whether standard output is a terminal.
    let isTerminal: Bool
    /// Whether results are JSON.
    let isJSON: Bool
    /// Whether the user said that nothing may be coloured.
    let isColorForbidden: Bool

    init(_ global: GlobalOptions) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        isJSON = global.json
        isColorForbidden = global.noColor
        usesColor = Self.mayColor(
            isTerminal: isTerminal, isForbidden: global.noColor, environment: ProcessInfo.processInfo.environment)
    }

    /// Colours are for terminals that can show them, unless somebody said no (no-color.org).
    static func mayColor(isTerminal: Bool, isForbidden: Bool, environment: [String: String]) -> Bool {
        isTerminal && !isForbidden && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Prints a result as it is.
    func print(_ text: String) { DescriptorWriter.write(Array(text.utf8), to: STDOUT_FILENO) }

    /// Prints a result as bytes.
    func print(_ bytes: [UInt8]) { DescriptorWriter.write(bytes, to: STDOUT_FILENO) }

    /// Prints a line for people.
    func note(_ line: String) { DescriptorWriter.write(Array("\(line)\n".utf8), to: STDERR_FILENO) }
}

/// Writes bytes to a descriptor, all of them. Blocks while a reader is slow.
enum DescriptorWriter {
    /// Ends the program when nobody reads standard output any more, as programs without a handler for SIGPIPE do.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        let problem = attempt(bytes, to: descriptor)
        guard problem != 0, descriptor == STDOUT_FILENO else { return }
        if problem == EPIPE { exit(ExitCodes.signal(SIGPIPE)) }
        let text = "acode: can't write the result: \(String(cString: strerror(problem)))\n"
        _ = attempt(Array(text.utf8), to: STDERR_FILENO)
        exit(ExitCodes.internal)
    }

    /// Writes all bytes and returns 0, or the errno.
    static func attempt(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if written < 0 {
                    let cause = errno
                    if cause == EINTR { continue }
                    guard cause == EAGAIN else { return cause }
                    // Somebody made the descriptor non-blocking for all who share it, terminals for example.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, -1)
                    continue
                }
                done += written
            }
            return 0
        }
    }
}
