internal import ArgumentParser
internal import TaskModel
internal import TaskStore

/// Which dead letters are meant, by what they are like.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only those of this queue.", valueName: "name"))
    var queue: String?

    @Option(help: ArgumentHelp("Only those whose reason or outcome contains this text.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Only those that ended at least so long ago: 90s, 5m, 7d.", valueName: "duration"))
    var olderThan: String?

    func validate() throws {
        for (flag, text) in [("--queue", queue), ("--reason", reason)] where text?.isEmpty == true {
            throw ValidationError("\(flag) is empty, which would fit everything. Leave it out, or say what you mean.")
        }
    }

    /// Whether nothing is said.
    var isEmpty: Bool { queue == nil && reason == nil && olderThan == nil }

    func filter() throws(CommandFailure) -> DeadLetterFilter {
        var filter = DeadLetterFilter(queue: queue, reason: reason)
        if let olderThan {
            filter.minAge = .milliseconds(Int64(try DurationOption.seconds(olderThan, flag: "--older-than") * 1000))
        }
        return filter
    }
}

/// Which dead letters a command changes: those named, or those that are like this, never all by accident.
struct DeadLetterChoice: ParsableArguments {
    @OptionGroup var options: DeadLetterOptions

    @Option(help: ArgumentHelp("Why this is done, for the record.", valueName: "text"))
    var why: String?

    @Flag(help: "All of them.")
    var all = false

    @Argument(help: "Ids of dead letters, or their beginnings.")
    var ids: [String] = []

    func validate() throws {
        let namesNone = ids.isEmpty
        guard namesNone || (!all && options.isEmpty) else {
            throw ValidationError("Give either ids or --all, --queue, --reason, --older-than.")
        }
        guard !namesNone || all || !options.isEmpty else {
            throw ValidationError("Give ids, --all, or which with --queue, --reason or --older-than.")
        }
    }

    /// Changes those that are meant, page by page; what concerns a page must be done by `change`, because the next one may
    /// fail. With ids all are looked up before the first is changed: a slip in one must not cost the others.
    ///
    /// - Throws: when an id is unknown or is no dead letter.
    func each(
        in store: any TaskStore, _ change: (DeadLetterFilter) async throws -> [TaskID]
    ) async throws {
        var filter = try options.filter()
        guard ids.isEmpty else {
            var meant: [TaskID] = []
            for id in try await resolveAll(ids, in: store) {
                guard let task = try await store.task(id) else { throw TaskReference.unknown(id.rawValue) }
                try DeadLetter.require(task)
                meant.append(id)
            }
            for page in stride(from: 0, to: meant.count, by: Self.page) {
                filter.ids = Array(meant[page..<min(page + Self.page, meant.count)])
                filter.limit = Self.page
                _ = try await change(filter)
            }
            return
        }
        // Those that die again meanwhile are left for another time.
        let (begin, minAge) = (ContinuousClock.now, filter.minAge ?? .zero)
        var isFirst = true
        while true {
            filter.minAge = minAge + (isFirst ? .zero : ContinuousClock.now - begin)
            if try await change(filter).isEmpty { return }
            isFirst = false
        }
    }

    private static let page = 1000
}

/// What makes a task a dead letter.
enum DeadLetter {
    /// - Throws: when the task did not fail for good.
    static func require(_ task: QueuedTask) throws(CommandFailure) {
        guard task.state != .error else { return }
        throw CommandFailure(
            ExitCodes.failed, "the task \(task.id) is no dead letter: it is \(task.state.rawValue)",
            hint: "`acode queue dead list` shows them")
    }
}
