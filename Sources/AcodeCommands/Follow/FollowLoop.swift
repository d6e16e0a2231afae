internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Follows tasks until all have ended, handing their output on as it comes.
struct FollowLoop {
    /// The longest an idle look at the log files is put off.
    static let interval = Duration.milliseconds(10)

    let store: any TaskStore
    var followers: [TaskFollower]
    /// Takes output of the task with this index.
    var output: (Int, [ContainerLogFormat.Entry]) async throws -> Void
    /// Told once of every task that has ended.
    var ended: (Int, TaskFollower) async throws -> Void

    /// Returns the tasks as they ended. Cancelling the calling task makes it throw `CancellationError`.
    mutating func run() async throws -> [QueuedTask] {
        var open = Array(followers.indices)
        var lastToken: Int64?
        while !open.isEmpty {
            try Task.checkCancellation()
            let token = try await store.changeToken()
            let hasChanged = token != lastToken
            lastToken = token
            var isIdle = true
            for index in open {
                if hasChanged { try await followers[index].refresh(store) }
                while true {
                    let entries = try await followers[index].next()
                    if entries.isEmpty { break }
                    isIdle = false
                    try await output(index, entries)
                    try Task.checkCancellation()
                }
                if followers[index].isDone { try await ended(index, followers[index]) }
            }
            open.removeAll { followers[$0].isDone }
            // Many tasks make each look dearer, so that there are fewer of them.
            if isIdle, !open.isEmpty { try await Task.sleep(for: Self.interval * max(1, open.count / 10)) }
        }
        return followers.map(\.task)
    }
}
