import AgentProtocol
import CAgentSystem
import Glibc

/// Starts a task's process.
struct ProcessSpawner {
    /// What the process is to be.
    struct Command {
        var arguments: [String]
        var environment: [String: String]
        var workingDirectory: String?
        /// The child's ends of its three streams; nil as input is `/dev/null`.
        var input: Descriptor?
        var output: Descriptor
        var error: Descriptor
    }

    /// Starts it in a session of its own, with default signal dispositions, an empty mask, and no descriptor of ours.
    ///
    /// - Returns: the pid, which is also that of the session and the process group.
    static func spawn(_ command: Command) throws(StartFailureError) -> pid_t {
        if let directory = command.workingDirectory, let code = enterable(directory) {
            throw StartFailureError(StartFailures.workingDirectory(directory, errno: code))
        }
        let path = try locate(command)
        let code: Int32
        var pid: pid_t = 0
        (code, pid) = start(path, command)
        guard code == 0 else { throw StartFailureError(StartFailures.execution(path, errno: code)) }
        return pid
    }

    /// The first candidate that is an executable file. Like a shell, one that may not be executed is passed over, but
    /// remembered as the reason if nothing else is found.
    private static func locate(_ command: Command) throws(StartFailureError) -> String {
        let name = command.arguments[0]
        var reason = ENOENT
        for candidate in PathLookup.candidates(for: name, path: command.environment["PATH"]) {
            switch executable(PathLookup.absolute(candidate, workingDirectory: command.workingDirectory)) {
            case nil: return candidate
            case ENOENT, ENOTDIR: continue
            case let code?: reason = code
            }
        }
        throw StartFailureError(StartFailures.lookup(name, errno: reason))
    }

    private static func executable(_ path: String) -> Int32? {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno }
        guard status.st_mode & S_IFMT == S_IFREG else { return EACCES }
        return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? nil : errno
    }

    private static func enterable(_ path: String) -> Int32? {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno }
        guard status.st_mode & S_IFMT == S_IFDIR else { return ENOTDIR }
        return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? nil : errno
    }

    private static func start(_ path: String, _ command: Command) -> (code: Int32, pid: pid_t) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        var code: Int32 = 0
        func check(_ result: Int32) { if code == 0 { code = result } }
        if let directory = command.workingDirectory { check(cagent_add_chdir(&actions, directory)) }
        if let input = command.input {
            check(posix_spawn_file_actions_adddup2(&actions, input.number, 0))
        } else {
            check(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0))
        }
        check(posix_spawn_file_actions_adddup2(&actions, command.output.number, 1))
        check(posix_spawn_file_actions_adddup2(&actions, command.error.number, 2))

        var mask = sigset_t()
        sigemptyset(&mask)
        check(posix_spawnattr_setsigmask(&attributes, &mask))
        // All bits, and not sigfillset: that leaves out two signals of glibc's, which the child would then ignore.
        memset(&mask, 0xff, MemoryLayout<sigset_t>.size)
        check(posix_spawnattr_setsigdefault(&attributes, &mask))
        check(cagent_set_session_flags(&attributes))
        guard code == 0 else { return (code, 0) }

        var pid: pid_t = 0
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        code = CStringArray.with(command.arguments) { arguments in
            CStringArray.with(environment) { variables in
                posix_spawn(&pid, path, &actions, &attributes, arguments, variables)
            }
        }
        return (code, pid)
    }
}

/// A start failure as an error.
struct StartFailureError: Error {
    let failure: StartFailure

    init(_ failure: StartFailure) {
        self.failure = failure
    }
}
