import Glibc

/// Lines of the short-lived sub-commands.
enum Output {
    /// A line on standard output.
    static func line(_ text: String) {
        print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
    }

    /// A line on standard error.
    static func error(_ text: String) {
        let line = "acode-agent: \(text)\(text.hasSuffix("\n") ? "" : "\n")"
        Array(line.utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
