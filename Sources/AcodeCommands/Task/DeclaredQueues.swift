internal import Settings
internal import TaskModel

/// The queues that the configuration declares, where it declares any.
struct DeclaredQueues {
    private let names: [String]

    init(_ settings: Settings) { names = settings.queue.declared }

    /// Refuses tasks for other queues, where they would wait for ever.
    func check(_ specs: [TaskSpec], isFile: Bool) throws(CommandFailure) {
        guard !names.isEmpty else { return }
        var lines: [String] = []
        for (index, spec) in specs.enumerated() where !names.contains(spec.queue) {
            let place = isFile ? "tasks[\(index)].queue" : "--queue"
            let hint =
                NearestName.hint(for: spec.queue, among: names)
                ?? "queue.declared names \(names.joined(separator: ", "))"
            lines.append("\(place): there is no queue \(spec.queue) (\(hint))")
        }
        guard !lines.isEmpty else { return }
        throw CommandFailure(
            isFile ? ExitCodes.configuration : ExitCodes.usage,
            lines.prefix(20).joined(separator: "\nacode: "),
            hint: lines.count > 20 ? "there are \(lines.count - 20) more like these" : nil)
    }
}
