internal import ArgumentParser
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode db prune`.
struct DatabasePrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forget tasks that have ended, with their history and what this host has of them.",
        discussion: """
            That is their logs and scratch, the artifacts of their checkpoints, and their outputs, unless \
            retention.keepOutputs is true or they have a destination of their own.
            Supervisors do it by themselves every retention.interval, as the settings below retention say; so does this \
            without options. Other hosts remove what they have of these tasks themselves.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Those that ended at least so long ago (90s, 5m, 7d), instead of what the settings say.",
            valueName: "duration"))
    var olderThan: String?

    @Option(
        help: ArgumentHelp(
            "Only those in this state: complete, cancelled, resolvedManually, or error for dead letters; may be repeated. "
                + "With --older-than all but error unless given.", valueName: "state"))
    var state: [String] = []

    @Flag(name: .shortAndLong, help: "Only say what would be forgotten.")
    var dryRun = false

    @Flag(help: "Make an SQLite file smaller after that; nobody can write meanwhile.")
    var compact = false

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String?

    func validate() throws { _ = try states() }

    func run() async throws {
        let context = try CommandContext(global)
        let meant = try states() ?? RetentionRules.ended
        let rule = try olderThan.map { text throws(CommandFailure) in
            let seconds = try DurationOption.seconds(text, flag: "--older-than")
            return PruneRule(meant, minAge: .milliseconds(Int64(seconds * 1000)))
        }
        let report = try await context.withStore(for: "db prune", reason: reason) { store in
            let report = try await prune(store, rule, context)
            if compact, !dryRun { try await store.compact() }
            return report
        }
        let page = PruneSummary(report: report, isRehearsal: dryRun)
        context.console.print(context.console.isJSON ? try JSONText.pretty(page) : page.words)
    }

    private func prune(
        _ store: any TaskStore, _ rule: PruneRule?, _ context: CommandContext
    ) async throws -> RetentionPass.Report {
        let settings = context.settings.retention
        let pass = RetentionPass(
            store: store,
            files: TaskFiles(
                layout: context.layout, keepsOutputs: settings.keepOutputs,
                shelf: CheckpointShelf(settings: context.settings, layout: context.layout)),
            isRehearsal: dryRun)
        var report = RetentionPass.Report()
        let counts = try await store.counts()
        let rules = try rule.map { [$0] } ?? RetentionRules.rules(settings, counts: counts, only: states())
        // First, because afterwards it may be too late.
        if !dryRun { try await store.note(.prune, words(rules)) }
        try await pass.prune(rules, &report)
        if let age = try await pass.orphanAge(settings, context.layout) {
            try await pass.sweep(olderThan: age, &report)
        }
        return report
    }

    /// What was asked for, for the record.
    private func words(_ rules: [PruneRule]) -> String {
        let states = Set(rules.flatMap(\.states)).map(\.rawValue).sorted().joined(separator: ", ")
        let age = olderThan.map { "at least \($0) ago" } ?? "as long ago as the settings say"
        return "tasks that ended \(age): \(states)"
    }

    private func states() throws(ValidationError) -> Set<TaskState>? {
        var states: Set<TaskState> = []
        // An empty one is a mistake, as of a variable without a value: to forget all would be for good.
        for name in state.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let state = TaskState(rawValue: String(name)), state.isTerminal else {
                throw ValidationError("\"\(name)\" is none of complete, cancelled, resolvedManually, error.")
            }
            states.insert(state)
        }
        return states.isEmpty ? nil : states
    }
}

/// What was forgotten, for printing.
struct PruneSummary: Encodable {
    var report: RetentionPass.Report
    var isRehearsal: Bool

    private enum CodingKeys: String, CodingKey { case dryRun, tasks, directories }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isRehearsal, forKey: .dryRun)
        let tasks = TaskState.allCases.filter(\.isTerminal).map { ($0.rawValue, report.tasks[$0] ?? 0) }
        try container.encode(Dictionary(uniqueKeysWithValues: tasks), forKey: .tasks)
        let directories = TaskFiles.Kind.allCases.map { ($0.rawValue, report.directories[$0] ?? 0) }
        try container.encode(Dictionary(uniqueKeysWithValues: directories), forKey: .directories)
    }

    /// For people.
    var words: String {
        let done = isRehearsal ? "would forget" : "forgot"
        let tasks = TaskState.allCases.compactMap { state in report.tasks[state].map { "\($0) \(state.rawValue)" } }
        let all = report.tasks.values.reduce(0, +)
        let directories = TaskFiles.Kind.allCases.compactMap { kind in
            report.directories[kind].map { "\($0) of \(kind.rawValue)" }
        }
        var words = "\(done) \(all) \(all == 1 ? "task" : "tasks")"
        if !tasks.isEmpty { words += " (\(tasks.joined(separator: ", ")))" }
        if !directories.isEmpty {
            words += isRehearsal ? ", and would remove directories: " : ", removed directories: "
            words += directories.joined(separator: ", ")
        }
        return words + "\n"
    }
}
