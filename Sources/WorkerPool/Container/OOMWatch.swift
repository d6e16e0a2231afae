internal import AgentProtocol
internal import Synchronization

/// Finds out whether the kernel killed a whole container for its memory, where the engine may not say so.
///
/// The cgroup's own count is read when an attempt begins, and as soon as the agent hangs up: a moment later the engine
/// removes the cgroup, and after its own restart of the container there is a new one that counts from zero.
final class OOMWatch: Sendable {
    private struct State {
        var pid: Int32?
        var paths: CgroupPaths?
        var kills = MemoryKills()
    }

    private let state = Mutex(State())

    /// Takes the count of the agent's cgroup as it is; to be called before an attempt begins or goes on. Blocks: reads one
    /// or two small files of the kernel's.
    func watch(pid: Int32?) {
        guard let pid else { return }
        if state.withLock({ $0.pid }) != pid {
            let paths = CgroupPaths(pid: pid)
            state.withLock { $0 = State(pid: pid, paths: paths) }
        }
        let count = count()
        state.withLock { $0.kills.begin(count: count) }
    }

    /// Takes note of what the agent itself counted.
    func note(_ record: ExitRecord) {
        guard case .reported(let exited) = record.end, let kills = exited.oomKills else { return }
        state.withLock { $0.kills.report(kills) }
    }

    /// Takes note of the count that the agent said it has outlived while an attempt ran.
    func note(outlived count: Int?) {
        guard let count else { return }
        state.withLock { $0.kills.outlive(count) }
    }

    /// Reads the counter, if it is still there.
    func look() async {
        guard let count = await FileThread.kernel.run({ self.count() }) else { return }
        state.withLock { $0.kills.see(count: count) }
    }

    /// The loss, with the engine's word on memory replaced by what is known.
    func judge(_ loss: WorkerLoss) -> WorkerLoss {
        var loss = loss
        loss.oomKilled = state.withLock { $0.kills.explain(exitCode: loss.exitCode, flag: loss.oomKilled) }
        return loss
    }

    private func count() -> Int? {
        guard let file = state.withLock({ $0.paths?.oomFile }) else { return nil }
        return CgroupReader.oomKills(in: file)
    }
}
