internal import Foundation
internal import TaskModel

/// The plain answer to "what is with my task?", or "why did it die?".
enum TaskStory {
    /// One or two sentences, and one more for what keeps it from running.
    static func tell(_ task: QueuedTask, now: Date, hindrance: String? = nil) -> String {
        let rest = hindrance.map { " \($0.prefix(1).uppercased())\($0.dropFirst())." } ?? ""
        return tell(task, now: now) + rest
    }

    private static func tell(_ task: QueuedTask, now: Date) -> String {
        switch task.state {
        case .pending: waiting(task, now: now)
        case .enqueued: enqueued(task, now: now)
        case .inProgress: running(task, now: now)
        case .enqueuedForOrchestration: "Its command has ended; the workflow has yet to look at the result."
        case .complete: "It succeeded\(took(task))."
        case .error: "It failed: \(reason(task)).\(tries(task))"
        case .cancelled: "It was cancelled: \(withoutPrefix(reason(task)))."
        case .resolvedManually: "Somebody settled it by hand: \(reason(task))."
        }
    }

    private static func waiting(_ task: QueuedTask, now: Date) -> String {
        let wait = task.runAt.timeIntervalSince(now)
        let due = wait > 0 ? "in \(HumanText.duration(wait))" : "now"
        guard task.attempt > 0 else { return "It is delayed and due \(due)." }
        return "It is tried again \(due), because attempt \(task.attempt) ended: \(reason(task))."
    }

    private static func enqueued(_ task: QueuedTask, now: Date) -> String {
        let wait = HumanText.duration(max(0, now.timeIntervalSince(task.runAt)))
        let needs = task.spec.isolation == .container ? " that offers containers" : ""
        let before = task.attempt > 0 ? " Attempt \(task.attempt) ended: \(reason(task))." : ""
        return "It has waited for \(wait) for a free worker\(needs) in the queue \(task.spec.queue).\(before)"
    }

    private static func running(_ task: QueuedTask, now: Date) -> String {
        let place = task.worker.map { " on worker \($0)" } ?? ""
        let progress = task.progress.map { String(format: ", %.0f %% done", $0) } ?? ""
        let stopping = task.cancelRequested ? " Somebody asked it to stop." : ""
        guard let startedAt = task.startedAt else {
            return "A supervisor has taken it and prepares attempt \(task.attempt).\(stopping)"
        }
        let time = HumanText.duration(max(0, now.timeIntervalSince(startedAt)))
        return "Attempt \(task.attempt) has run for \(time)\(place)\(progress).\(stopping)"
    }

    private static func took(_ task: QueuedTask) -> String {
        var words = ""
        if let startedAt = task.startedAt, let finishedAt = task.finishedAt {
            words = " after \(HumanText.duration(max(0, finishedAt.timeIntervalSince(startedAt))))"
        }
        return task.attempt > 1 ? words + ", at attempt \(task.attempt)" : words
    }

    private static func tries(_ task: QueuedTask) -> String {
        task.attempt > 1 ? " That was attempt \(task.attempt)." : ""
    }

    /// A reason that begins with the word that is said already.
    private static func withoutPrefix(_ reason: String) -> String {
        reason.hasPrefix("cancelled: ") ? String(reason.dropFirst("cancelled: ".count)) : reason
    }

    private static func reason(_ task: QueuedTask) -> String {
        guard let reason = task.reason, !reason.isEmpty else { return "no reason is recorded" }
        return reason.hasSuffix(".") ? String(reason.dropLast()) : reason
    }
}
