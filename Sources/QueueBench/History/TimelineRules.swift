internal import TaskModel

/// What a timeline must look like: submitted, then for each attempt, one after the other, claimed, news and one end, the last
/// of which completes the task.
struct TimelineRules {
    private let task: String
    private let events: [TaskEvent]
    private static let news: Set<TaskEvent.Kind> = [.started, .progress]
    private static let ends: Set<TaskEvent.Kind> = [.completed, .failed, .abandoned, .requeuedStale]

    init(_ task: String, _ events: [TaskEvent]) {
        self.task = task
        self.events = events
    }

    func violations(_ calls: TaskCalls) -> [HistoryViolation] {
        (sequence + grammar + claims(calls) + notes(calls)).map { HistoryViolation(.order, task, $0) }
    }

    private var sequence: [String] {
        zip(events, events.dropFirst()).filter { $0.sequence >= $1.sequence }
            .map { "event \($1.sequence) comes after \($0.sequence)" }
    }

    private var grammar: [String] {
        var found: [String] = []
        var attempt = 0
        // Of the attempt that is being read.
        var isOpen = false
        for (place, event) in events.enumerated() {
            func wrong(_ words: String) { found.append("\(event.kind.rawValue) of attempt \(event.attempt) \(words)") }
            switch event.kind {
            case .submitted:
                if place != 0 || event.attempt != 0 { wrong("is not the first line") }
            case .claimed:
                if isOpen { wrong("comes before the end of attempt \(attempt)") }
                if event.attempt != attempt + 1 { wrong("follows attempt \(attempt)") }
                (attempt, isOpen) = (event.attempt, true)
            case .retryScheduled:
                if isOpen || event.attempt != attempt || place == 0 || events[place - 1].kind != .failed {
                    wrong("does not follow a failure")
                }
            case let kind where Self.news.contains(kind):
                if !isOpen || event.attempt != attempt { wrong("is not within its attempt") }
            case let kind where Self.ends.contains(kind):
                if !isOpen || event.attempt != attempt { wrong("ends nothing") }
                if kind == .completed, place != events.count - 1 { wrong("is not the last line") }
                isOpen = false
            default: wrong("is not expected here")
            }
        }
        if events.first?.kind != .submitted { found.append("it does not begin with its submission") }
        return found
    }

    /// What was claimed is told.
    private func claims(_ calls: TaskCalls) -> [String] {
        let told = Set(events.filter { $0.kind == .claimed }.map(\.attempt))
        return calls.claims.filter { !told.contains($0.attempt) }.map {
            "the claim of attempt \($0.attempt) is not told"
        }
    }

    /// What an attempt told is there in its order, and what is there was told.
    private func notes(_ calls: TaskCalls) -> [String] {
        let told = events.filter { $0.kind == .progress }
        return Dictionary(grouping: told, by: \.attempt).flatMap { attempt, lines -> [String] in
            let said = calls.writes(of: attempt).filter { $0.kind == .note }.map(\.detail)
            var rest = said[...]
            return lines.compactMap { line in
                guard let place = rest.firstIndex(of: line.message) else {
                    return "\"\(line.message)\" of attempt \(attempt) is not where it was said"
                }
                rest = rest[(place + 1)...]
                return nil
            }
        }
    }
}
