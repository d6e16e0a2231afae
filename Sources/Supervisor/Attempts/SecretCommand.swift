internal import Glibc
internal import Subprocess
internal import WorkerPool

/// A command that prints a secret, in a session of its own so that all it starts can be killed.
struct SecretCommand: Sendable {
    let program: String
    let arguments: [String]
    /// The most bytes it may print.
    let limit: Int

    /// What it prints; `nil` when it fails, prints too much, or has not ended when `isOver` returns or the calling task is
    /// cancelled. Then its session is killed; a process that left the session lives on, but is not waited for.
    func output(unless isOver: @escaping @Sendable () async -> Void) async -> [UInt8]? {
        let answer = OneShot<[UInt8]?>()
        let leader = OneShot<pid_t>()
        // Not a child task: a group would wait until the last process that holds the pipe has ended.
        let life = Task { _ = answer.set(await run(leader)) }
        let output = await withTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { await answer.wait() ?? nil }
            group.addTask {
                await isOver()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if answer.current == nil, let session = leader.current { kill(-session, SIGKILL) }
        life.cancel()
        return output
    }

    private func run(_ leader: OneShot<pid_t>) async -> [UInt8]? {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let result = try? await Subprocess.run(
            .name(program), arguments: Arguments(arguments), platformOptions: options, input: .none,
            output: .bytes(limit: limit), error: .discarded
        ) { execution in
            leader.set(execution.processIdentifier.value)
        }
        return result.flatMap { $0.terminationStatus.isSuccess ? $0.standardOutput : nil }
    }
}
