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
    static let checkpointName = "checkpoint.json"
    static let stopName = "stop"

    /// The mounted directory that tasks leave things in; empty but for `outputs` when an attempt begins.
    package var exchange: String { "\(store)/task" }
    /// `ACODE_OUTPUT_DIR`.
    package var outputs: String { "\(exchange)/\(Self.outputsName)" }
    /// `ACODE_RESULT_FILE`.
    package var resultFile: String { "\(exchange)/\(Self.resultName)" }
    /// `ACODE_TASK_FILE`.
    package var taskFile: String { "\(agent)/\(Self.taskName)" }
    /// `ACODE_CHECKPOINT_FILE`
    package var checkpointFile: String { "\(agent)/\(Self.checkpointName)" }
    /// `ACODE_STOP_FILE`
    package var stopFile: String { "\(agent)/\(Self.stopName)" }
    private var stopReasonFile: String { "\(agent)/stopped" }
    /// `ACODE_TEMP_DIR` of a local worker; in a container it is a tmpfs.
    package var temporary: String { "\(store)/temp" }

    /// Runs an attempt with its task file in place.
    func withTaskFile(of request: AttemptRequest, _ attempt: () async -> ExitRecord) async -> ExitRecord {
        do {
            // Right here: the way to another thread and back takes longer than the few system calls.
            try writeTask(request.taskFile)
            unlink(stopFile)
            unlink(stopReasonFile)
            try writeCheckpoint(request.checkpointFile)
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

    /// Writes the checkpoint file anew in one step, whoever reads it, or removes it. Blocks for a few system calls on tmpfs.
    ///
    /// - Throws: `host`.
    package func writeCheckpoint(_ content: [UInt8]?) throws(WorkerError) {
        guard let content else {
            unlink(checkpointFile)
            return
        }
        let temporary = checkpointFile + ".new"
        unlink(temporary)
        var problem = SmallFile.create(temporary, content, mode: 0o444)
        if problem == 0, rename(temporary, checkpointFile) != 0 { problem = errno }
        guard problem == 0 else {
            throw WorkerError(
                .host, "can't write the checkpoint file \(checkpointFile): \(String(cString: strerror(problem)))")
        }
    }

    /// Makes the file that tells the task to come to a stop. Blocks for a few system calls on tmpfs; what goes wrong is left
    /// to the signal that follows.
    package func writeStop() { _ = SmallFile.replace(stopFile, [], mode: 0o444) }

    /// Whether the task was told to come to a stop. Blocks for a system call.
    package var hasStop: Bool { access(stopFile, F_OK) == 0 }

    /// Notes why the task is about to be sent a signal, for the supervisor that may see its end. Blocks for a few system
    /// calls on tmpfs.
    func note(_ stop: StopIntent) {
        guard let content = try? JSONEncoder().encode(stop) else { return }
        _ = SmallFile.replace(stopReasonFile, [UInt8](content), mode: 0o444)
    }

    /// Why the task was sent a signal, if it was. Blocks for a few system calls on tmpfs.
    package var notedStop: StopIntent? {
        FileManager.default.contents(atPath: stopReasonFile).flatMap {
            try? JSONDecoder().decode(StopIntent.self, from: $0)
        }
    }

    /// Empties everything a task could write to, so that no task sees what another left; the task file stays until the next
    /// one's. `owner` is nil for a local worker. Blocks.
    ///
    /// - Returns: false when something is still there or can't be looked at: then no other task may run here.
    package func clear(owner: UInt32?) -> Bool {
        let workspace = emptyWorkspace(owner: owner)
        return emptyExchange(owner: owner) && workspace
    }

    /// Empties the directory tasks start in. Blocks; returns whether it is there and empty.
    package func emptyWorkspace(owner: UInt32?) -> Bool { renew(workspace, owner: owner, makes: owner == nil) }

    /// Makes the exchange and the temporary directory as they were. Blocks; returns whether they are.
    package func emptyExchange(owner: UInt32?) -> Bool {
        let temporary = renew(temporary, owner: nil, makes: true)
        let exchange = renew(exchange, owner: owner, makes: owner == nil, keeping: Self.outputsName)
        return renew(outputs, owner: owner, makes: true) && exchange && temporary
    }

    /// Empties a directory but for `kept` and gives it back the owner and the mode it was made with. What is not there, or
    /// is no directory any more, is made anew where `makes`: what a container has mounted can't be replaced.
    private func renew(_ path: String, owner: UInt32?, makes: Bool, keeping kept: String? = nil) -> Bool {
        if makes {
            // Neither does anything to a directory.
            unlink(path)
            mkdir(path, 0o700)
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        if !isAsGiven(status, to: owner) {
            lchown(path, getuid(), Self.sameGroup)
            fchmodat(AT_FDCWD, path, 0o700, AT_SYMLINK_NOFOLLOW)
            try? give([path], to: owner)
        }
        return StubbornTree.empty(path, keeping: kept)
    }

    /// Whether a directory has the owner and the mode that `give` leaves.
    private func isAsGiven(_ status: stat, to owner: UInt32?) -> Bool {
        let (mode, own) = (status.st_mode & 0o7777, getuid())
        if status.st_uid == owner ?? own { return mode == 0o700 }
        return status.st_uid == own && mode == 0o777
    }
}
