internal import Metrics
internal import Synchronization
internal import TaskModel

/// What is counted of tasks of one type, or of those of none, which have no such label.
final class TaskMetrics: Sendable {
    private let labels: [(String, String)]
    private let duration: Timer
    private let counters = Mutex<[String: Counter]>([:])

    /// Makes the handlers: of tasks of no type for every outcome, else as outcomes come, because label sets are limited.
    init(type: String?) {
        labels = type.map { [("task_type", $0)] } ?? []
        duration = Timer(label: "acode_task_duration_seconds", dimensions: labels)
        guard type == nil else { return }
        for outcome in TaskOutcome.allCases {
            for name in [Self.ended, Self.retries] { _ = counter(name, of: outcome) }
        }
    }

    func attemptEnded(_ outcome: TaskOutcome, seconds: Double?) {
        counter(Self.ended, of: outcome).increment()
        if let seconds { duration.recordSeconds(seconds) }
    }

    func triedAgain(after outcome: TaskOutcome) { counter(Self.retries, of: outcome).increment() }

    private static let ended = "acode_tasks_completed_total"
    private static let retries = "acode_retry_attempts_total"

    private func counter(_ name: String, of outcome: TaskOutcome) -> Counter {
        let key = "\(name) \(outcome.rawValue)"
        return counters.withLock { counters in
            if let counter = counters[key] { return counter }
            let label = name == Self.retries ? "code" : "outcome"
            let counter = Counter(label: name, dimensions: [(label, outcome.rawValue)] + labels)
            counters[key] = counter
            return counter
        }
    }
}

/// What is counted of each type. Types come from whoever submits, so only so many are told apart.
final class TypedMetrics: Sendable {
    private static let mostTypes = 50

    private let types = Mutex<[String: TaskMetrics]>([:])

    /// What is counted of a type.
    func of(_ type: String) -> TaskMetrics {
        types.withLock { types in
            let name = types[type] != nil || types.count < Self.mostTypes ? type : "other"
            if let metrics = types[name] { return metrics }
            let metrics = TaskMetrics(type: name)
            types[name] = metrics
            return metrics
        }
    }
}
