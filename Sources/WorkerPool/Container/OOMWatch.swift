internal import AgentProtocol
internal import Synchronization

/// Finds out whether the kernel killed a whole container for its memory, where the engine may not say so.
///
/// The cgroup's own count is read as soon as the agent hangs up: a moment later the engine removes the cgroup. Kills that
/// the agent has reported itself were of single processes and don't count.
final class OOMWatch: Sendable {
    private struct State {
        var pid: Int32?
        var paths: CgroupPaths?
        var reported = 0
        var seen: Int?
    }

    private let state = Mutex(State())

    /// Remembers where the counter of the agent's cgroup is; to be called while the agent lives. Reads a small file once.
    func watch(pid: Int32?) async {
        guard let pid, state.withLock({ $0.pid }) != pid else { return }
        let paths = await FileThread.kernel.run { CgroupPaths(pid: pid) }
        state.withLock { $0 = State(pid: pid, paths: paths) }
    }

    /// Takes note of what the agent itself counted.
    func note(_ record: ExitRecord) {
        guard case .reported(let exited) = record.end, let kills = exited.oomKills else { return }
        state.withLock { $0.reported += kills }
    }

    /// Reads the counter, if it is still there.
    func look() async {
        guard let file = state.withLock({ $0.paths?.oomFile }) else { return }
        let kills = await FileThread.kernel.run { CgroupReader.oomKills(in: file) }
        if let kills { state.withLock { $0.seen = kills } }
    }

    /// The loss, with what the counter says added: the engine's own `true` is believed, its `false` is not.
    func judge(_ loss: WorkerLoss) -> WorkerLoss {
        let unreported = state.withLock { ($0.seen ?? 0) - $0.reported }
        var loss = loss
        if loss.exitCode == 137, unreported > 0 { loss.oomKilled = true }
        return loss
    }
}
