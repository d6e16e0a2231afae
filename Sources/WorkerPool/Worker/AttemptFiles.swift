internal import Foundation
internal import Glibc

/// What an attempt finds and leaves beside its standard streams. In a container `exchange` is mounted read-write and the
/// directory of the socket, with the task file in it, read-only.
extension WorkerDirectory {
    /// The output directory's name in the exchange.
    package static let outputsName = "output"
    /// The result file's name in the exchange.
    package static let resultName = "result.json"
    static let taskName = "task.json"

    /// The mounted directory that tasks leave things in; empty but for `outputs` when an attempt begins.
    package var exchange: String { "\(store)/task" }
    /// `ACODE_OUTPUT_DIR`.
    package var outputs: String { "\(exchange)/\(Self.outputsName)" }
    /// `ACODE_RESULT_FILE`.
    package var resultFile: String { "\(exchange)/\(Self.resultName)" }
    /// `ACODE_TASK_FILE`.
    package var taskFile: String { "\(agent)/\(Self.taskName)" }
    /// `ACODE_TEMP_DIR` of a local worker; in a container it is a tmpfs.
    package var temporary: String { "\(store)/temp" }

    /// Runs an attempt with its task file in place.
    func withTaskFile(of request: AttemptRequest, _ attempt: () async -> ExitRecord) async -> ExitRecord {
        do {
            // Right here: the way to another thread and back takes longer than the few system calls.
            try writeTask(request.taskFile)
        } catch {
            return ExitRecord(end: .unprovided(error))
        }
        return await attempt()
    }

    /// Writes the task file, readable by everybody who reaches it. Blocks for a few system calls on tmpfs.
    ///
    /// - Throws: `host`.
    package func writeTask(_ content: [UInt8]) throws(WorkerError) {
        let problem = SmallFile.replace(taskFile, content, mode: 0o444)
        guard problem == 0 else {
            throw WorkerError(.host, "can't write the task file \(taskFile): \(String(cString: strerror(problem)))")
        }
    }

    /// Makes the exchange as it was, so that no task sees what another left; the task file stays until the next one's.
    /// Returns false when something is still there: a directory of a user whose files this process may not remove.
    @discardableResult
    package func emptyExchange(owner: UInt32?) -> Bool {
        if !isUntouched(temporary) {
            try? StubbornTree.remove(temporary)
            mkdir(temporary, 0o700)
        }
        let names = SmallFile.names(in: exchange) ?? []
        if names == [Self.outputsName], isUntouched(outputs) { return true }
        for name in names { try? StubbornTree.remove("\(exchange)/\(name)") }
        let left = SmallFile.names(in: exchange) ?? []
        if mkdir(outputs, 0o700) == 0 { try? give([outputs], to: owner) }
        return left.isEmpty
    }

    /// Whether a directory is empty and as its owner got it.
    private func isUntouched(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o700 == 0o700 else {
            return false
        }
        return SmallFile.names(in: path)?.isEmpty ?? false
    }
}
