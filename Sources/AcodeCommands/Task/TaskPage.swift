internal import ControlPlane
internal import Foundation
internal import TaskModel

/// Everything about a task on one page for people.
struct TaskPage {
    var task: QueuedTask
    var attempts: [AttemptSummary]
    var now: Date
    /// Why it does not run, when that is known.
    var hindrance: String?

    /// The page; what is not set is left out.
    func text(usesColor: Bool) -> String {
        let pairs = facts.filter { !$0.value.isEmpty }
        let width = pairs.map(\.title.count).max() ?? 0
        var text = pairs.map { pair in
            let value = pair.title == "state" && usesColor ? task.style.apply(to: pair.value) : pair.value
            return "\((pair.title + ":").padded(to: width + 1))  \(value)\n"
        }.joined()
        text += "\n\(TaskStory.tell(task, now: now, hindrance: hindrance))\n"
        if !attempts.isEmpty { text += "\n" + attemptTable.text(usesColor: usesColor) }
        if let last = attempts.last, let report = last.attempt.report {
            text += "\nattempt \(last.attempt.attempt)\n" + ReportTable(report: report).text(usesColor: usesColor)
        }
        if let last = attempts.last {
            let attempt = last.attempt
            text +=
                "\nlog: \(last.log ?? "on the host \(attempt.host.onOneLine), of supervisor \(attempt.supervisor)")\n"
        }
        return text
    }

    private var facts: [(title: String, value: String)] {
        let spec = task.spec
        let checkpoint = attempts.checkpoint.map { CheckpointSummary(checkpoint: $0) }
        let limits = [
            spec.resources.cpus.map { "\($0) cpus" }, spec.resources.memoryMb.map { "\($0) MiB" },
            spec.resources.pidsLimit.map { "\($0) processes" }, spec.resources.diskMb.map { "\($0) MiB of disk" },
        ].compactMap { $0 }
        return [
            ("id", task.id.rawValue), ("name", (spec.name ?? "").onOneLine), ("type", spec.type ?? ""),
            (
                "parameters",
                (spec.params ?? [:]).sorted { $0.key < $1.key }.map { "\($0)=\($1.text)" }.joined(separator: " ")
                    .onOneLine
            ), ("labels", (spec.labels ?? []).joined(separator: " ")), ("state", task.state.rawValue),
            ("outcome", task.outcome?.rawValue ?? ""), ("exit code", task.exitCode.map(String.init) ?? ""),
            ("reason", (task.reason ?? "").onOneLine), ("command", HumanText.command(spec.command).onOneLine),
            ("queue", spec.queue), ("priority", spec.priority == 0 ? "" : String(spec.priority)),
            ("image", spec.image ?? ""), ("workdir", spec.workdir ?? ""),
            ("user", spec.user ?? ""),
            ("limits", limits.joined(separator: ", ")),
            ("environment", spec.env.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ").onOneLine),
            (
                "mounts",
                spec.mounts.map { "\($0.source):\($0.target)\($0.readOnly ? ":ro" : "")" }.joined(separator: " ")
            ),
            ("worktree", spec.worktree.map(Self.words) ?? ""),
            ("outputs", (spec.outputs ?? []).map { $0.to.map { "\($0)" } ?? $0.path }.joined(separator: " ").onOneLine),
            ("result", (attempts.last?.attempt.result ?? "").onOneLine),
            ("checkpoint", checkpoint?.words.onOneLine ?? ""), ("its data", checkpoint?.shortData.onOneLine ?? ""),
            ("saved", time(checkpoint?.checkpoint.updatedAt)),
            ("secrets", spec.secrets.joined(separator: " ")),
            ("egress", spec.egress?.summary ?? ""),
            ("timeout", spec.timeout.map(HumanText.duration) ?? ""),
            ("retries", spec.retry.maxAttempts > 1 ? "at most \(spec.retry.maxAttempts - 1)" : ""),
            ("ttl", spec.ttl.map(HumanText.duration) ?? ""),
            (
                "unique",
                (spec.unique.map { $0.key + ($0.window.map { " within \(HumanText.duration($0))" } ?? "") } ?? "")
                    .onOneLine
            ),
            ("retry rules", (spec.retry.rules ?? []).map(\.summary).joined(separator: "; ").onOneLine),
            ("isolation", spec.isolation == .any ? "" : spec.isolation.rawValue),
            ("worker", task.worker?.rawValue ?? ""),
            ("progress", task.progress.map { "\(Int($0)) %" } ?? ""), ("created", time(task.createdAt)),
            ("due", task.state == .pending ? time(task.runAt) : ""), ("started", time(task.startedAt)),
            ("finished", time(task.finishedAt)),
        ]
    }

    private static func words(_ worktree: WorktreeSpec) -> String {
        if let git = worktree.git { return "\(git.repo)@\(git.ref ?? "HEAD")" }
        return worktree.path ?? ""
    }

    private func time(_ date: Date?) -> String {
        date.map {
            "\(StableJSON.text(of: $0)) (\($0 <= now ? HumanText.age($0, now: now) : "in " + HumanText.duration($0.timeIntervalSince(now))))"
        }
            ?? ""
    }

    private var attemptTable: Table {
        // Most tasks save no checkpoints.
        let hasPhases = attempts.contains { $0.checkpoint != nil }
        let titles = ["attempt", "worker", "outcome", "code", "took", "cpu", "memory"] + (hasPhases ? ["phase"] : [])
        var table = Table(
            columns: (titles + ["reason"]).map {
                Table.Column(title: $0, isRight: ["attempt", "code", "took", "cpu", "memory", "phase"].contains($0))
            })
        table.rows = attempts.map { summary in
            let attempt = summary.attempt
            let usage = attempt.usage
            let phase = summary.checkpoint.map { String($0.phase) + ($0.isDiscarded ? " (given up)" : "") }
            var cells = [
                Table.Cell(String(attempt.attempt)), Table.Cell(attempt.worker?.rawValue ?? ""),
                Table.Cell(attempt.outcome?.rawValue ?? "running", attempt.outcome == .succeeded ? .good : .plain),
                Table.Cell(attempt.exitCode.map(String.init) ?? ""),
                Table.Cell(usage.map { HumanText.duration($0.wallSeconds) } ?? ""),
                Table.Cell(usage.map { HumanText.duration($0.cpuSeconds) } ?? ""),
                Table.Cell(usage.map { HumanText.bytes(UInt64(max(0, $0.maxResidentBytes))) } ?? ""),
            ]
            if hasPhases { cells.append(Table.Cell(phase ?? "")) }
            cells.append(Table.Cell(attempt.reason ?? ""))
            return cells
        }
        return table
    }
}
