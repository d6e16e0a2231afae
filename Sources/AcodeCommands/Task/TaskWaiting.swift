internal import ControlPlane
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Waits for tasks and shows their output while they run.
struct TaskWaiting: Sendable {
    let context: CommandContext
    let quiet: Bool

    /// Streams the output of all attempts and returns what to exit with.
    func stream(_ tasks: [QueuedTask], from store: any TaskStore) async throws -> Int32 {
        let ids = tasks.map(\.id)
        await noteMissingSupervisor(tasks.map(\.spec.queue), store)
        let end = try await Interruption.race {
            let isOneOfMany = tasks.count > 1
            let sources = LogSources(context)
            let output = TaskOutput(labels: isOneOfMany ? tasks.map(Self.label) : [])
            var loop = FollowLoop(
                store: store, followers: tasks.map { TaskFollower($0, range: .from(1), sources: sources) },
                output: { index, entries in try await output.write(entries, of: index) },
                ended: { index, follower in
                    try await output.finish(index)
                    for missing in follower.elsewhere {
                        context.console.note("acode: task \(follower.id): \(missing.words)")
                    }
                    noteEnd(of: follower.task, isOneOfMany: isOneOfMany)
                })
            return try await loop.run()
        }
        switch end {
        case .finished(let tasks):
            if context.console.isJSON { noteJSON(tasks) }
            return Self.exitCode(of: tasks)
        case .signal(let number):
            let list = ids.prefix(3).map(\.rawValue).joined(separator: " ")
            let rest = ids.count > 3 ? " and \(ids.count - 3) more" : ""
            context.console.note(
                "acode: no longer waiting; \(ids.count == 1 ? "the task goes" : "the tasks go") on: \(list)\(rest)")
            context.console.note("hint: `acode task cancel` stops tasks, `acode task logs -f` shows their output")
            return ExitCodes.signal(number)
        }
    }

    /// The first failure's code, in the order the tasks were given.
    static func exitCode(of tasks: [QueuedTask]) -> Int32 {
        tasks.lazy.map(ExitCodes.of).first { $0 != 0 } ?? ExitCodes.done
    }

    static func label(_ task: QueuedTask) -> String {
        (task.spec.name ?? String(task.id.rawValue.suffix(12))).onOneLine
    }

    private func noteEnd(of task: QueuedTask, isOneOfMany: Bool) {
        guard task.state != .complete, !quiet else { return }
        let name = isOneOfMany ? "task \(Self.label(task)) (\(task.id))" : "the task \(task.id)"
        let outcome = task.outcome?.rawValue ?? task.state.rawValue
        context.console.note("acode: \(name): \(outcome): \((task.reason ?? "no reason is recorded").onOneLine)")
    }

    /// Output owns both streams while waiting, so the summary as JSON goes where messages go.
    private func noteJSON(_ tasks: [QueuedTask]) {
        for task in tasks {
            if let line = try? JSONText.line(TaskSummary(task: task)) { context.console.note(String(line.dropLast())) }
        }
    }

    private func noteMissingSupervisor(_ queues: [String], _ store: any TaskStore) async {
        let sockets = StateLayout.controlSockets(state: context.settings.state)
        let heard = Announcement.announce(.submitted, to: sockets)
        let overview = try? await QueueOverview.read(store, for: context)
        guard
            let note = Self.missing(
                heard: heard, isShared: store.connections != nil, overview, queues, isOne: queues.count == 1)
        else { return }
        context.console.note("acode: \(note.words)")
        context.console.note("hint: \(note.hint)")
    }

    /// That nobody takes the tasks of these queues; `nil` when somebody does, or when that is not certain.
    ///
    /// - Parameters:
    ///   - heard: how many supervisors of this host were told of the tasks.
    ///   - isShared: whether supervisors of other hosts, which have no socket here, may take them.
    static func missing(
        heard: Int, isShared: Bool, _ overview: QueueOverview?, _ queues: [String], isOne: Bool
    ) -> (words: String, hint: String)? {
        let rest = isOne ? "the task waits in its queue" : "the tasks wait in their queues"
        if heard == 0, !isShared || overview?.supervisors.isEmpty == true {
            return (
                "no supervisor runs\(isShared ? "" : " on this host"), so \(rest)",
                "start one with `acode worker start`, or run one command with `acode run`"
            )
        }
        // One that has just started may not be known yet.
        guard let overview, !overview.supervisors.isEmpty,
            let queue = overview.unconsumed(queues).first
        else { return nil }
        return (
            "no supervisor takes tasks of the queue \(queue), so \(isOne ? "the task waits" : "they wait") there",
            "`acode queue` shows who consumes what; start one for it with `acode worker start --queue \(queue)`"
        )
    }
}
