internal import Foundation
internal import Glibc
internal import TaskModel
internal import TaskStore

/// The supervisor of a run that surely comes too late: it stops itself with all that it has claimed first, between two calls
/// of the store, and goes on when others have claimed all of it. Then it ends what it no longer holds.
///
/// Chance alone can't be relied on for that: who is stopped from outside may hold nothing at that moment, or the lock of a
/// database file, so that nobody else gets anything either.
struct HistorySleeper {
    private enum State {
        /// It has not claimed anything yet.
        case isAwaited
        /// It holds these, and its history ends at this byte.
        case sleeps([Lease], UInt64)
        /// It goes on.
        case wakes(UInt64)
        case isDone
    }

    private let file: String
    private let process: pid_t
    private var state = State.isAwaited

    /// Whether an end of it was refused.
    var isDone: Bool { if case .isDone = state { true } else { false } }

    init(file: String, process: pid_t) {
        self.file = file
        self.process = process
    }

    /// Sees what has become of it and wakes it when it is time.
    mutating func tend(_ store: any TaskStore) async throws {
        switch state {
        case .isAwaited:
            guard try isStopped() else { return }
            let claims = HistoryFile.read(file).filter { $0.kind == .claim }
            let leases = claims.map {
                Lease(taskID: TaskID(rawValue: $0.task), attempt: $0.attempt, token: $0.token)
            }
            state = .sleeps(leases, HistoryFile.size(file))
        case .sleeps(let leases, let end):
            for lease in leases {
                guard let task = try await store.task(lease.taskID), task.attempt > lease.attempt else { return }
            }
            kill(process, SIGCONT)
            state = .wakes(end)
        case .wakes(let end):
            let isRefused = HistoryFile.read(file, from: end).contains { $0.kind == .finish && !$0.isAccepted }
            if isRefused { state = .isDone }
        case .isDone: break
        }
    }

    /// As proc(5) tells it: after the name, which is in parentheses.
    private func isStopped() throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status.split(separator: ")").last?.split(separator: " ").first == "T"
    }
}
