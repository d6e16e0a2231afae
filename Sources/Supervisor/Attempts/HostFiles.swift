internal import Foundation
internal import Glibc
internal import TaskModel
internal import WorkerPool

/// Looks at files of this host that a user named, on a thread of its own and for a limited time: such a file may be on
/// a server that went away, where every system call waits for ever.
actor HostFiles {
    /// For the sources of mounts.
    static let mounts = HostFiles(DedicatedThread(name: "acode-mounts"))
    /// For secrets, apart from mounts so that neither waits for the other.
    static let secrets = HostFiles(DedicatedThread(name: "acode-secrets"))
    /// For the end of an attempt's log, which is small.
    static let results = HostFiles(DedicatedThread(name: "acode-results"))
    /// For outputs and scratch, which may be copied for minutes.
    static let outputs = HostFiles(DedicatedThread(name: "acode-outputs"))
    /// For removing artifacts of checkpoints.
    static let checkpoints = HostFiles(DedicatedThread(name: "acode-artifacts"))
    /// For worktrees, which may have very many files.
    static let worktrees = HostFiles(DedicatedThread(name: "acode-worktrees"))
    /// For what the host has to do.
    static let pressure = HostFiles(DedicatedThread(name: "acode-pressure"))
    /// For sweeping, which nobody waits for.
    static let scratch = HostFiles(DedicatedThread(name: "acode-scratch"))

    /// For what belonged to tasks that are forgotten.
    static let retention = HostFiles(DedicatedThread(name: "acode-retention"))

    private let thread: DedicatedThread

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(_ thread: DedicatedThread) { self.thread = thread }

    /// Runs `look`, which may block.
    ///
    /// - Throws: what `look` throws, and `host` when it takes longer than `limit` or the calling task is cancelled; it
    ///   then goes on by itself.
    nonisolated func run<Value: Sendable>(
        _ what: String, atMost limit: Duration = .seconds(10),
        _ look: @escaping @Sendable () throws(WorkerError) -> Value
    ) async throws(WorkerError) -> Value {
        let answer = OneShot<Result<Value, WorkerError>>()
        // Not a child task: a group would wait for it however long it takes.
        Task { await self.work(look, answer) }
        guard let result = await answer.wait(atMost: limit) else {
            throw WorkerError(.host, "\(what) could not be looked at within \(limit)")
        }
        return try result.get()
    }

    private func work<Value: Sendable>(
        _ look: @Sendable () throws(WorkerError) -> Value, _ answer: OneShot<Result<Value, WorkerError>>
    ) {
        answer.set(Result { () throws(WorkerError) in try look() })
    }

    /// The content of a regular file of at most `limit` bytes, `nil` when there is none. Blocks; never waits for the other
    /// end of a pipe.
    static func content(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var content = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < content.count {
            let got = content.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return nil }
            if got == 0 { break }
            count += got
        }
        return count <= limit ? Array(content[..<count]) : nil
    }
}
