internal import Foundation
internal import Glibc
internal import TaskModel
internal import TaskStore

/// Starts supervisors as processes of their own, kills and pauses them at random, lets them finish, and checks what they
/// wrote down.
struct HistoryRun {
    /// What came of it.
    struct Report: Codable {
        var seed: UInt64
        var store: String
        var tasks = 0
        var attempts = 0
        var kills = 0
        var pauses = 0
        /// Writes that were refused because their lease was lost.
        var refused = 0
        var seconds = 0.0
        var violations: [String] = []
    }

    let options: StoreOptions
    let plan: HistoryPlan
    let seed: UInt64
    let directory: String

    func run() async throws -> Report {
        let store = try await BenchStore.open(options.store, connections: options.connections)
        let start = ContinuousClock.now
        var report = Report(seed: seed, store: BenchStore.isPostgres(options.store) ? "PostgreSQL" : "SQLite")
        guard try await store.counts().isEmpty else { throw BenchFailure("the store is not empty") }
        var stage = try HistoryStage(self)
        do {
            try await stage.makeTrouble(store, until: start + plan.trouble, &report)
            try await stage.settle(store, until: .now + plan.settling)
        } catch {
            stage.end()
            throw error
        }
        stage.end()
        let records = stage.records()
        let tasks = Set(records.map(\.task))
        let timelines = try await Self.timelines(of: tasks.sorted(), in: store)
        report.violations = HistoryChecker(lease: Int64(plan.lease / .nanoseconds(1)))
            .violations(records, timelines: timelines).map(\.description)
        report.violations += try await unaccounted(tasks.count, in: store)
        report.tasks = tasks.count
        report.attempts = timelines.values.joined().filter { $0.kind == .claimed }.count
        report.refused = records.filter { $0.kind == .finish && !$0.isAccepted }.count
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        await store.close()
        return report
    }

    /// Nothing may be in the store but completed tasks that somebody has seen: each was claimed at least once.
    private func unaccounted(_ tasks: Int, in store: any TaskStore) async throws -> [String] {
        let counts = try await store.counts()
        let complete = counts.filter { $0.state == .complete }.map(\.count).reduce(0, +)
        var found = counts.filter { $0.state != .complete }.map {
            "\($0.count) tasks are counted as \($0.state.rawValue)"
        }
        if complete != tasks { found.append("\(complete) tasks are counted as complete, \(tasks) were seen") }
        if tasks < plan.tasks { found.append("only \(tasks) of \(plan.tasks) tasks were accepted") }
        return found
    }

    private static func timelines(
        of tasks: [String], in store: any TaskStore
    ) async throws -> [String: [TaskEvent]] {
        let parts = 4
        return try await withThrowingTaskGroup(of: [String: [TaskEvent]].self) { group in
            for part in 0..<parts {
                group.addTask {
                    var found: [String: [TaskEvent]] = [:]
                    for index in stride(from: part, to: tasks.count, by: parts) {
                        found[tasks[index]] = try await store.events(of: TaskID(rawValue: tasks[index]), after: 0)
                    }
                    return found
                }
            }
            return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
    }
}
