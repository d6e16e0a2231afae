internal import Glibc
internal import Supervisor
internal import Synchronization
internal import WorkerPool

/// Passes output of tasks on to this program's own standard output and standard error, byte for byte, on a thread of its
/// own, because a slow reader makes writes block.
actor OutputSink {
    private static let thread = DedicatedThread(name: "acode-output")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    /// Whether the reader of standard output went away; what comes after that is dropped.
    private(set) var isBroken = false

    /// Writes bytes.
    func write(_ bytes: [UInt8], to stream: ContainerLogFormat.Stream) {
        guard !isBroken else { return }
        let descriptor = stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
        if DescriptorWriter.attempt(bytes, to: descriptor) != 0, stream == .standardOutput { isBroken = true }
    }

    /// Writes entries of a log; neighbours of one stream in one piece.
    func write(_ entries: [ContainerLogFormat.Entry]) {
        var bytes: [UInt8] = []
        var stream = ContainerLogFormat.Stream.standardOutput
        for entry in entries {
            if entry.stream != stream, !bytes.isEmpty {
                write(bytes, to: stream)
                bytes.removeAll(keepingCapacity: true)
            }
            stream = entry.stream
            bytes += entry.bytes
        }
        if !bytes.isEmpty { write(bytes, to: stream) }
    }
}
