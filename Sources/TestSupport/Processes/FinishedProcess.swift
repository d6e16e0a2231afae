/// A program that has ended.
package struct FinishedProcess: Sendable, CustomStringConvertible {
    /// The command line.
    package var line: String
    /// Its exit code, or 128 + the signal that ended it, as a shell says it.
    package var code: Int32
    /// The signal that ended it.
    package var signal: Int32?
    /// Whether it had to be killed because it did not end by itself in time.
    package var wasForced: Bool
    /// What it wrote to standard output.
    package var output: [UInt8]
    /// What it wrote to standard error.
    package var errorBytes: [UInt8]
    /// From start to end.
    package var elapsed: Duration

    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    package var errorText: String { String(decoding: errorBytes, as: UTF8.self) }
    /// Standard output's lines.
    package var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// Standard output as JSON.
    ///
    /// - Throws: `UnexpectedEnd` when the program failed, `NotJSON`.
    package func json() throws -> JSONValue {
        guard code == 0 else { throw UnexpectedEnd(process: self) }
        return try JSONValue(parsing: output)
    }

    /// This, if the program succeeded.
    ///
    /// - Throws: `UnexpectedEnd`.
    @discardableResult
    package func succeeded() throws -> FinishedProcess {
        guard code == 0 else { throw UnexpectedEnd(process: self) }
        return self
    }

    package var description: String {
        "`\(line)` ended with \(code) after \(elapsed)\(wasForced ? ", killed" : "")"
            + "\n--- stdout (\(output.count) bytes)\n\(Self.excerpt(output))"
            + "\n--- stderr (\(errorBytes.count) bytes)\n\(Self.excerpt(errorBytes))"
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        guard bytes.count > 6000 else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.prefix(2000), as: UTF8.self) + "\n…\n"
            + String(decoding: bytes.suffix(4000), as: UTF8.self)
    }
}

/// A program that should have succeeded, or ended in time, did not.
package struct UnexpectedEnd: Error, CustomStringConvertible {
    /// The program.
    package let process: FinishedProcess

    package var description: String { process.description }
}
