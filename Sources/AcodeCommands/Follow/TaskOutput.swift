internal import Glibc
internal import Supervisor

/// Shows the output of tasks as it comes: of one task byte for byte, of several line by line with their labels.
actor TaskOutput {
    private let sink = OutputSink()
    private var prefixers: [LinePrefixer]

    /// For tasks with these labels, in the order of their indices; for one task without any.
    init(labels: [String] = []) { prefixers = labels.map { LinePrefixer(label: $0) } }

    /// Shows entries of the task with this index.
    ///
    /// - Throws: `ExitCode` of SIGPIPE when nobody reads standard output any more.
    func write(_ entries: [ContainerLogFormat.Entry], of index: Int = 0) async throws {
        if prefixers.isEmpty {
            await sink.write(entries)
        } else {
            for entry in entries {
                await sink.write(prefixers[index].feed(entry.bytes, entry.stream), to: entry.stream)
            }
        }
        try await check()
    }

    /// Shows bytes on standard output.
    func write(_ text: String) async throws {
        await sink.write(Array(text.utf8), to: .standardOutput)
        try await check()
    }

    /// Shows what is held back of a task that has ended.
    func finish(_ index: Int) async throws {
        guard !prefixers.isEmpty else { return }
        for rest in prefixers[index].finish() { await sink.write(rest.bytes, to: rest.stream) }
        try await check()
    }

    private func check() async throws {
        if await sink.isBroken { throw ReaderGone() }
    }
}

/// Nobody reads standard output any more, so the program ends as one that SIGPIPE ends.
struct ReaderGone: Error {
    static let exitCode = ExitCodes.signal(SIGPIPE)
}
