internal import Foundation
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Follows one task: its output as it comes, and its end.
struct TaskFollower {
    /// The task.
    let id: TaskID
    /// As last seen.
    private(set) var task: QueuedTask
    /// Attempts whose logs are on another machine.
    private(set) var elsewhere: [TaskAttempt] = []
    private var state: FollowState
    private var reader: LogFileReader?
    private var reading = 0
    private let layout: StateLayout
    private let place: LogPlace

    init(_ task: QueuedTask, range: FollowState.Range, layout: StateLayout) {
        id = task.id
        self.task = task
        self.layout = layout
        state = FollowState(range)
        place = LogPlace(layout)
    }

    /// Whether there is nothing more to come.
    var isDone: Bool { state.step == .done }

    /// Looks at the task in the store.
    mutating func refresh(_ store: any TaskStore) async throws {
        // The task first: when it says that all is over, the attempts read after it are the final ones.
        guard let fresh = try await store.task(id) else { throw TaskReference.unknown(id.rawValue) }
        let attempts = try await store.attempts(of: id)
        task = fresh
        let here = Set(attempts.filter(place.has).map(\.attempt))
        elsewhere = attempts.filter { !here.contains($0.attempt) }
        state.observe(
            attempts.filter { here.contains($0.attempt) }.map {
                FollowState.Seen(number: $0.attempt, hasEnded: $0.finishedAt != nil)
            }, isTerminal: fresh.state.isTerminal)
    }

    /// The next output of the task, none when there is none yet. Call it after `refresh`.
    mutating func next() async -> [ContainerLogFormat.Entry] {
        while case .read(let attempt) = state.step {
            let file = await reader(of: attempt)
            let entries = await file.next()
            if !entries.isEmpty { return entries }
            let before = state
            state.reachedEnd()
            if state == before { return [] }
            await file.end()
        }
        return []
    }

    private mutating func reader(of attempt: Int) async -> LogFileReader {
        if let reader, reading == attempt { return reader }
        let file = LogFileReader(path: layout.log(task: id, attempt: attempt))
        (reader, reading) = (file, attempt)
        return file
    }
}
