internal import AgentProtocol
internal import TaskModel
internal import WorkerPool

/// The sentences of verdicts: what happened, by whom, against which limit, what to change.
enum VerdictWords {
    static func end(_ exited: Exited) -> String {
        if let code = exited.exitCode { return "exited with code \(code)" }
        guard let signal = exited.terminationSignal else { return "ended" }
        return "was killed by signal \(signal)\(signalName(signal))"
    }

    static func outOfMemory(_ kills: Int, _ limits: ResourceLimits?) -> String {
        let limit = limits.map { " of \($0.memoryMb) MiB" } ?? ""
        return "the kernel killed \(kills == 1 ? "a process" : "\(kills) processes") at the memory limit\(limit)"
    }

    static let moreMemory = "let it use less, or raise --memory-mb"

    /// What the limit of processes refused, as an aside; empty when it refused nothing.
    static func refusedProcesses(_ exited: Exited, _ limits: ResourceLimits?) -> String {
        guard let refused = exited.cgroup?.refusedForks, refused > 0 else { return "" }
        let limit = limits.map { " of \($0.pidsLimit) processes" } ?? " of processes"
        let what = refused == 1 ? "a new process or thread was" : "\(refused) new processes or threads were"
        return "; \(what) refused at the limit\(limit): let it start fewer, or raise --pids"
    }

    static func startFailure(_ failure: StartFailure) -> String {
        let advice =
            switch failure.kind {
            case .notFound: "; name a program that is in the image, by its path or one in its PATH"
            case .permissionDenied: "; the file must be executable for the worker's user"
            case .notExecutable: "; it is no program for this machine's processor, and no script with a #! line"
            case .workingDirectory: "; name a directory of the image with --workdir"
            case .other: ""
            }
        return "could not be started: \(failure.message)\(advice)"
    }

    static func breach(_ breach: LimitBreach) -> String {
        switch breach {
        case .disk(let used, let limit):
            "acode killed it at its disk limit of \(limit) MiB, with \(mebibytes(used)) MiB in use: let it write less, "
                + "or raise --disk-mb"
        case .output(let limit):
            "acode stopped it when it had written \(limit) bytes of output, as logs.onLimit says: let it print less, or "
                + "raise logs.maxBytesPerAttempt"
        }
    }

    static func seconds(_ duration: Duration) -> String {
        let value = duration / .seconds(1)
        return value == value.rounded() ? "\(Int(value)) s" : "\(value) s"
    }

    private static func mebibytes(_ bytes: Int64) -> Int64 { (bytes + (1 << 20) - 1) >> 20 }

    private static func signalName(_ signal: Int32) -> String {
        let names: [Int32: String] = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
            9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ",
        ]
        return names[signal].map { " (\($0))" } ?? ""
    }
}
