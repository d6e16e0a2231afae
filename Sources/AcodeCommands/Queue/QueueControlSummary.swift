internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// What is said about a queue as JSON shows it: with every key always there.
struct QueueControlSummary: Encodable {
    var control: QueueControl

    enum CodingKeys: String, CodingKey { case queue, paused, maxRunning }
    private enum PauseKeys: String, CodingKey { case since, by, reason }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(control.queue, forKey: .queue)
        try container.encode(control.maxRunning, forKey: .maxRunning)
        guard let pause = control.pause else { return try container.encodeNil(forKey: .paused) }
        var inner = container.nestedContainer(keyedBy: PauseKeys.self, forKey: .paused)
        try inner.encode(pause.since, forKey: .since)
        try inner.encode(pause.by, forKey: .by)
        try inner.encode(pause.reason, forKey: .reason)
    }
}

extension QueueControl.Pause {
    /// Who, since when and why, for people.
    func words(now: Date) -> String {
        "\(by) \(HumanText.age(since, now: now))" + (reason.map { ": \($0)" } ?? "")
    }
}

/// Names of queues on the command line.
enum QueueName {
    /// - Throws: when a task could not name such a queue.
    static func check(_ name: String) throws(CommandFailure) {
        do throws(CommandFailure) {
            try TaskSpecCheck.check(TaskSpec(command: ["true"], queue: name))
        } catch {
            throw CommandFailure(error.exitCode, error.message.replacingOccurrences(of: "--queue: ", with: ""))
        }
    }
}
