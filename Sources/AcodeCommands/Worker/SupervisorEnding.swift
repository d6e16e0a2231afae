internal import ControlPlane
internal import Foundation

/// Waits for the end of a supervisor.
struct SupervisorEnding: Sendable {
    let context: CommandContext

    /// What the supervisor says now.
    func status() async throws(CommandFailure) -> SupervisorSummary {
        try await context.supervisor { client throws(ControlClientError) in try await client.status() }
    }

    /// Returns when its process is gone, so that whatever it held is free.
    func wait(for status: SupervisorSummary, limit: Duration?) async throws {
        let deadline = limit.map { ContinuousClock.now + $0 }
        while await isServing() || ProcessTable.isAlive(status.pid) {
            if let deadline, ContinuousClock.now >= deadline {
                throw CommandFailure(
                    ExitCodes.tryAgain, "the supervisor (pid \(status.pid)) has not ended in time",
                    hint: "`acode worker stop --force` stops running tasks at once")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func isServing() async -> Bool { (try? await context.controlClient().status()) != nil }
}

/// What the kernel says about other processes.
enum ProcessTable {
    /// Whether a process of this host runs; one that has ended and only waits for its parent does not.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        return !hasEnded(stat: String(decoding: data, as: UTF8.self))
    }

    /// Reads the state from a line of `/proc/<pid>/stat`; it follows the name, which may hold any character but ends
    /// with the last parenthesis.
    static func hasEnded(stat: String) -> Bool {
        guard let end = stat.lastIndex(of: ")") else { return true }
        let state = stat[stat.index(after: end)...].first { $0 != " " }
        return state == nil || state == "Z" || state == "X"
    }
}
