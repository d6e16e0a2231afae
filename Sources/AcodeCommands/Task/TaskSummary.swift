internal import Foundation
internal import TaskModel
internal import TaskStore

/// A task as JSON shows it: flat, with every key always there.
struct TaskSummary: Encodable {
    var task: QueuedTask

    enum CodingKeys: String, CodingKey {
        case id, name, state, outcome, exitCode, reason, worker, attempt, createdAt, startedAt, finishedAt, queue
        case priority, command, image, runAt, failures, interruptions, cancelRequested, progress, checkpoint
        case type, params, labels
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try encode(into: &container)
    }

    private func encode(into container: inout KeyedEncodingContainer<CodingKeys>) throws {
        try container.encode(task.id, forKey: .id)
        try container.encode(task.spec.name, forKey: .name)
        try container.encode(task.state, forKey: .state)
        try container.encode(task.outcome, forKey: .outcome)
        try container.encode(task.exitCode, forKey: .exitCode)
        try container.encode(task.reason, forKey: .reason)
        try container.encode(task.worker, forKey: .worker)
        try container.encode(task.attempt, forKey: .attempt)
        try container.encode(task.createdAt, forKey: .createdAt)
        try container.encode(task.startedAt, forKey: .startedAt)
        try container.encode(task.finishedAt, forKey: .finishedAt)
        try container.encode(task.spec.queue, forKey: .queue)
        try container.encode(task.spec.priority, forKey: .priority)
        try container.encode(task.spec.command, forKey: .command)
        try container.encode(task.spec.image, forKey: .image)
        try container.encode(task.runAt, forKey: .runAt)
        try container.encode(task.failures, forKey: .failures)
        try container.encode(task.interruptions, forKey: .interruptions)
        try container.encode(task.cancelRequested, forKey: .cancelRequested)
        try container.encode(task.progress, forKey: .progress)
        try container.encode(task.checkpoint, forKey: .checkpoint)
        try container.encode(task.spec.type, forKey: .type)
        try container.encode(task.spec.params ?? [:], forKey: .params)
        try container.encode(task.spec.labels ?? [], forKey: .labels)
    }
}

/// A task that was submitted, and whether it was made now or was there with the same unique key.
struct SubmissionSummary: Encodable {
    var submission: Submission

    private enum CodingKeys: String, CodingKey { case isNew }

    func encode(to encoder: any Encoder) throws {
        try TaskSummary(task: submission.task).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(submission.isNew, forKey: .isNew)
    }
}

/// One attempt as JSON shows it, with every key always there.
struct AttemptSummary: Encodable {
    var attempt: TaskAttempt
    /// Its log; `nil` when that is on another host.
    var log: String?
    /// The last checkpoint it saved.
    var checkpoint: TaskCheckpoint?

    /// How long its command ran, in seconds: as it was measured, or by the supervisor's and the store's clocks when nobody saw
    /// its end. The store's says when that was written down, which may be much later.
    var durationSeconds: Double? {
        if let measured = attempt.usage?.wallSeconds ?? attempt.report?.used.wallSeconds { return measured }
        guard let began = attempt.startedAt, let ended = attempt.finishedAt else { return nil }
        return max(0, ended.timeIntervalSince(began))
    }

    enum CodingKeys: String, CodingKey {
        case attempt, supervisor, host, installation, worker, claimedAt, startedAt, finishedAt, outcome, exitCode,
            reason, usage, report, result, log, progress, durationSeconds, checkpoint
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(attempt.attempt, forKey: .attempt)
        try container.encode(attempt.supervisor, forKey: .supervisor)
        try container.encode(attempt.host, forKey: .host)
        try container.encode(attempt.installation, forKey: .installation)
        try container.encode(attempt.worker, forKey: .worker)
        try container.encode(attempt.claimedAt, forKey: .claimedAt)
        try container.encode(attempt.startedAt, forKey: .startedAt)
        try container.encode(attempt.finishedAt, forKey: .finishedAt)
        try container.encode(attempt.outcome, forKey: .outcome)
        try container.encode(attempt.exitCode, forKey: .exitCode)
        try container.encode(attempt.reason, forKey: .reason)
        try container.encode(attempt.usage, forKey: .usage)
        try container.encode(attempt.report.map(ReportSummary.init), forKey: .report)
        try container.encode(attempt.result.map(EmbeddedJSON.init), forKey: .result)
        try container.encode(log, forKey: .log)
        try container.encode(attempt.progress, forKey: .progress)
        try container.encode(durationSeconds, forKey: .durationSeconds)
        try container.encode(checkpoint.map(CheckpointSummary.init), forKey: .checkpoint)
    }
}

/// Everything about a task: its summary, its specification, its attempts.
struct TaskDetails: Encodable {
    var task: QueuedTask
    var attempts: [AttemptSummary]
    var summary: String

    private enum CodingKeys: String, CodingKey {
        case spec, attempts, explanation, result, checkpoint, executionStartedAt, executionSeconds
    }

    func encode(to encoder: any Encoder) throws {
        try TaskSummary(task: task).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task.spec, forKey: .spec)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(summary, forKey: .explanation)
        try container.encode(attempts.last?.attempt.result.map(EmbeddedJSON.init), forKey: .result)
        // In place of the mark that the summary has: the same and more.
        try container.encode(attempts.checkpoint.map(CheckpointSummary.init), forKey: .checkpoint)
        try container.encode(attempts.executionStartedAt, forKey: .executionStartedAt)
        try container.encode(attempts.executionSeconds, forKey: .executionSeconds)
    }
}
