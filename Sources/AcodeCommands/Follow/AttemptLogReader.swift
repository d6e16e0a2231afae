internal import Supervisor

/// Reads the log of one attempt while it grows, from wherever it is.
protocol AttemptLogReader: Sendable {
    /// The next entries; none at the end of what is written so far.
    func next() async throws -> [ContainerLogFormat.Entry]

    /// Nothing can be read after it.
    func end() async
}

extension LogFileReader: AttemptLogReader {}
