internal import Settings
internal import TaskModel

/// The queues that the configuration declares, where it declares any.
struct DeclaredQueues {
    private let names: [String]

    init(_ settings: Settings) { names = settings.queue.declared }

    /// Refuses a task of the command line for another queue, where it would wait for ever.
    ///
    /// - Parameter isNamed: whether `--queue` names the queue.
    func check(_ spec: TaskSpec, isNamed: Bool) throws(CommandFailure) {
        guard let mistake = UndeclaredQueue(spec.queue, names) else { return }
        let place = isNamed ? "--queue: " : ""
        let advice = isNamed ? mistake.hint : "name one with --queue; \(mistake.hint)"
        throw CommandFailure(ExitCodes.usage, "\(place)\(mistake.message) (\(advice))")
    }
}
