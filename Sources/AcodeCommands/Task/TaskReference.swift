internal import TaskModel
internal import TaskStore

/// Finds the task a user means by the beginning of its id.
enum TaskReference {
    /// The fewest characters: fewer would match tasks nobody thought of.
    static let shortest = 4
    /// How many candidates are read and shown.
    static let mostCandidates = 6

    /// The id, looked up in the store.
    static func resolve(_ text: String, in store: any TaskStore) async throws -> TaskID {
        let prefix = text.lowercased()
        if let mistake = mistake(in: prefix) { throw mistake }
        return try choose(prefix, from: try await store.taskIDs(withPrefix: prefix, limit: mostCandidates))
    }

    /// The task, looked up in the store.
    static func task(_ text: String, in store: any TaskStore) async throws -> QueuedTask {
        let id = try await resolve(text, in: store)
        guard let task = try await store.task(id) else { throw unknown(text) }
        return task
    }

    /// What is wrong with a text that can't be the beginning of an id.
    static func mistake(in text: String) -> CommandFailure? {
        let isHex = text.unicodeScalars.allSatisfy { ("0"..."9").contains($0) || ("a"..."f").contains($0) || $0 == "-" }
        guard isHex, text.count <= 36 else {
            return CommandFailure(
                ExitCodes.usage, "\"\(text.shortened(to: 40))\" is no task id",
                hint: "an id looks like 0198c5a2-…; `acode task list` shows them")
        }
        guard text.count >= shortest else {
            return CommandFailure(
                ExitCodes.usage, "\"\(text)\" is too short for a task id; give at least \(shortest) characters")
        }
        return nil
    }

    /// The one candidate, or why there is not exactly one.
    static func choose(_ text: String, from candidates: [TaskID]) throws(CommandFailure) -> TaskID {
        if let exact = candidates.first(where: { $0.rawValue == text }) { return exact }
        guard let first = candidates.first else { throw unknown(text) }
        guard candidates.count > 1 else { return first }
        let shown = candidates.prefix(mostCandidates - 1).map { "  \($0)" }
        let more = candidates.count >= mostCandidates ? ["  …"] : []
        throw CommandFailure(
            ExitCodes.failed,
            (["\"\(text)\" is the beginning of several task ids:"] + shown + more).joined(separator: "\n"),
            hint: "give more characters")
    }

    static func unknown(_ text: String) -> CommandFailure {
        CommandFailure(
            ExitCodes.failed, "there is no task \(text)", hint: "`acode task list` shows the tasks of this store")
    }
}

/// The ids that users mean, in their order, each once.
func resolveAll(_ texts: [String], in store: any TaskStore) async throws -> [TaskID] {
    var ids: [TaskID] = []
    for text in texts {
        let id = try await TaskReference.resolve(text, in: store)
        if !ids.contains(id) { ids.append(id) }
    }
    return ids
}
