import Glibc

/// `acode-agent checkpoint get|done|save`.
enum CheckpointCommand {
    static func run(_ arguments: [String]) throws -> Int32 {
        let words = Array(arguments.dropFirst())
        switch arguments.first {
        case "get": return try CheckpointGet.run(words)
        case "done": return try CheckpointGet.runDone(words)
        case "save": return try CheckpointSaveCommand.run(words)
        case let word?: throw UsageError("unknown command checkpoint \(word)")
        case nil: throw UsageError("checkpoint needs get, done or save")
        }
    }
}

/// `acode-agent checkpoint get` and `checkpoint done PHASE`: what was saved last, from the file that the supervisor keeps.
enum CheckpointGet {
    /// The largest such file: the data and the artifacts, each path escaped.
    private static let largestFile = 1024 * 1024
    /// The exit code when there is none.
    private static let none: Int32 = 1

    /// How to print it.
    enum Form: Equatable {
        case shell, json, phase, data
    }

    static func run(_ arguments: [String]) throws -> Int32 {
        var words = OptionWords(arguments)
        var forms: [Form] = []
        if words.takeFlag("--json") { forms.append(.json) }
        if words.takeFlag("--phase") { forms.append(.phase) }
        if words.takeFlag("--data") { forms.append(.data) }
        try words.finish()
        guard forms.count < 2 else { throw UsageError("only one of --json, --phase and --data can be printed") }
        guard let path = path() else { return TaskSurroundings.unavailable }
        guard let json = try TaskSurroundings.content(path, limit: largestFile) else {
            if forms == [.phase] { Output.line("0") }
            return none
        }
        Output.line(try text(of: json, as: forms.first ?? .shell))
        return 0
    }

    static func runDone(_ arguments: [String]) throws -> Int32 {
        var words = OptionWords(arguments)
        try words.finish(atMost: 1)
        guard let text = words.rest.first, let wanted = Int(text), wanted > 0 else {
            throw UsageError("checkpoint done needs a phase, a number from 1")
        }
        guard let path = path() else { return TaskSurroundings.unavailable }
        guard let json = try TaskSurroundings.content(path, limit: largestFile) else { return none }
        let phase = try member("phase", of: json)
        return Int(phase) ?? 0 >= wanted ? 0 : none
    }

    private static func path() -> String? {
        let path = TaskSurroundings.variable(TaskSurroundings.checkpointVariable)
        if path == nil {
            Output.error("\(TaskSurroundings.checkpointVariable) is not set; this only works inside a task")
        }
        return path
    }

    /// The content of the file in another form; for a shell, assignments it can evaluate.
    static func text(of json: [UInt8], as form: Form) throws(LocalClient.Failure) -> String {
        switch form {
        case .json: return String(decoding: json, as: UTF8.self)
        case .phase: return try member("phase", of: json)
        case .data: return try member("data", of: json)
        case .shell:
            let (phase, data) = (try member("phase", of: json), try member("data", of: json))
            let time = try member("updatedAt", of: json).filter { $0 != "\"" }
            return """
                ACODE_CHECKPOINT_PHASE=\(phase)
                ACODE_CHECKPOINT_UPDATED_AT=\(quoted(time))
                ACODE_CHECKPOINT_DATA=\(quoted(data))
                """
        }
    }

    private static func member(_ name: String, of json: [UInt8]) throws(LocalClient.Failure) -> String {
        guard let value = RawJSON.value(of: name, in: json) else {
            throw LocalClient.Failure(description: "the checkpoint file has no \(name)")
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// A word of a shell, whatever is in it.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
