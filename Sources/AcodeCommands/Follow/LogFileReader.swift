internal import Glibc
internal import Supervisor
internal import WorkerPool

/// Reads the log of one attempt while it grows. File access blocks, so it has a thread of its own.
actor LogFileReader {
    private static let thread = DedicatedThread(name: "acode-log-reader")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    private let path: String
    private var descriptor: Int32 = -1
    private var assembler = LogEntryAssembler()
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)

    init(path: String) { self.path = path }

    /// Whether there is a file.
    var exists: Bool {
        openIfThere()
        return descriptor >= 0
    }

    /// The next entries, at most as many as are in 256 KiB; none at the end of what is written so far.
    func next() -> [ContainerLogFormat.Entry] {
        openIfThere()
        guard descriptor >= 0 else { return [] }
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return [] }
            let entries = assembler.feed(buffer[..<count])
            // A very long line may need more than one read.
            if !entries.isEmpty { return entries }
        }
    }

    /// Closes the file. Nothing can be read after it.
    func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func openIfThere() {
        if descriptor < 0 { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
    }
}
