internal import ControlPlane
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Follows one task: its output as it comes, and its end.
struct TaskFollower {
    /// The task.
    let id: TaskID
    /// As last seen.
    private(set) var task: QueuedTask
    /// Attempts whose logs can't be read here, in their order.
    private(set) var elsewhere: [LogElsewhere] = []
    private var state: FollowState
    private var readers: [Int: any AttemptLogReader] = [:]
    private var attempts: [TaskAttempt] = []
    private let sources: LogSources

    init(_ task: QueuedTask, range: FollowState.Range, sources: LogSources) {
        id = task.id
        self.task = task
        self.sources = sources
        state = FollowState(range)
    }

    /// Whether there is nothing more to come.
    var isDone: Bool { state.step == .done }

    /// Looks at the task in the store.
    mutating func refresh(_ store: any TaskStore) async throws {
        // The task first: when it says that all is over, the attempts read after it are the final ones.
        guard let fresh = try await store.task(id) else { throw TaskReference.unknown(id.rawValue) }
        attempts = try await store.attempts(of: id)
        task = fresh
        for attempt in attempts where state.wants(attempt.attempt) && readers[attempt.attempt] == nil {
            guard !elsewhere.contains(where: { $0.attempt.attempt == attempt.attempt }) else { continue }
            switch try await sources.source(of: attempt, store) {
            case .file(let reader): readers[attempt.attempt] = reader
            case .supervisor(let reader): readers[attempt.attempt] = reader
            case .nowhere(let reason): elsewhere.append(LogElsewhere(attempt: attempt, reason: reason))
            }
        }
        observe()
    }

    /// The next output of the task, none when there is none yet. Call it after `refresh`.
    mutating func next() async throws -> [ContainerLogFormat.Entry] {
        while case .read(let number) = state.step {
            guard let reader = readers[number] else { return [] }
            let entries: [ContainerLogFormat.Entry]
            do {
                entries = try await reader.next()
            } catch let error as ControlClientError where error.failure?.code == .notFound && !hasLog(number) {
                entries = []
            } catch let error as ControlClientError where error.code != .cancelled {
                giveUp(number, because: error.message)
                continue
            }
            if !entries.isEmpty { return entries }
            let before = state
            state.reachedEnd()
            if state == before { return [] }
            await reader.end()
            readers[number] = nil
        }
        return []
    }

    /// Whether an attempt has a log for certain: one that never began has none, and one that runs may not have it yet.
    private func hasLog(_ number: Int) -> Bool {
        attempts.contains { $0.attempt == number && $0.startedAt != nil && $0.finishedAt != nil }
    }

    /// Goes on without the rest of a log.
    private mutating func giveUp(_ number: Int, because reason: String) {
        if let attempt = attempts.first(where: { $0.attempt == number }) {
            elsewhere.append(LogElsewhere(attempt: attempt, reason: reason))
        }
        readers[number] = nil
        state.giveUp()
        observe()
    }

    private mutating func observe() {
        let missing = Set(elsewhere.map(\.attempt.attempt))
        state.observe(
            attempts.filter { !missing.contains($0.attempt) }.map {
                FollowState.Seen(number: $0.attempt, hasEnded: $0.finishedAt != nil)
            }, isTerminal: task.state.isTerminal)
    }
}
