internal import Foundation
internal import Glibc
internal import Subprocess
internal import WorkerPool

/// One run of `git` on this host: without hooks, without the user's and the system's configuration, without a prompt,
/// and without any transport but files of this host.
struct GitCommand: Sendable {
    let arguments: [String]
    /// A file with the only configuration it reads.
    let configuration: String

    /// How it ended.
    enum End: Sendable, Equatable {
        /// It exited with 0 and printed this.
        case done(String)
        /// It failed and said this.
        case failed(String)
        /// There is no git on this host.
        case missing
        /// It was killed, because it was to end.
        case stopped
    }

    private static let mostOutput = 64 << 10

    /// Runs it, and kills its session when `isOver` returns first or the calling task is cancelled.
    func run(unless isOver: @escaping @Sendable () async -> Void) async -> End {
        let answer = OneShot<End>()
        let leader = OneShot<pid_t>()
        // Not a child task: a group would wait until the last process that holds the pipe has ended.
        let life = Task { _ = answer.set(await run(leader)) }
        let end = await withTaskGroup(of: End?.self) { group in
            group.addTask { await answer.wait() }
            group.addTask {
                await isOver()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if answer.current == nil, let session = leader.current { kill(-session, SIGKILL) }
        life.cancel()
        return end ?? answer.current ?? .stopped
    }

    private func run(_ leader: OneShot<pid_t>) async -> End {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        do {
            let result = try await Subprocess.run(
                .name("git"), arguments: Arguments(arguments), environment: .custom(environment),
                platformOptions: options, input: .none, output: .bytes(limit: Self.mostOutput),
                error: .bytes(limit: Self.mostOutput)
            ) { execution in
                leader.set(execution.processIdentifier.value)
            }
            if result.terminationStatus.isSuccess { return .done(Self.text(result.standardOutput)) }
            return .failed(Self.text(result.standardError))
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return .missing
        } catch {
            return .failed("\(error)")
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private var environment: [Environment.Key: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C",
            "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": configuration,
            "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false",
            "GIT_ALLOW_PROTOCOL": "file", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
        ]
    }

    /// The configuration of every run. The repositories were chosen by path, so that whose they are does not matter;
    /// git would refuse those of another user.
    static let configurationText = """
        [safe]
        \tdirectory = *
        [core]
        \thooksPath = /dev/null
        \tfsmonitor = false
        [advice]
        \tdetachedHead = false
        [gc]
        \tauto = 0
        [maintenance]
        \tauto = false

        """
}
